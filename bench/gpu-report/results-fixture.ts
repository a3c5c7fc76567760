/** Results of parts for tests. */
import type { CommandResult, Ending, Part, PartResult, Program } from './part.js';

export const passed: Ending = { kind: 'passed' };

export function result(
  said: Partial<CommandResult> & { readonly program?: Program },
): CommandResult {
  const { program, ...rest } = said;
  const words = [program ?? 'cmake', '--x'];
  return {
    command: program === undefined ? { words } : { words, program },
    log: '01-1.log',
    ending: passed,
    seconds: 1,
    json: null,
    tests: null,
    tail: '',
    ...rest,
  };
}

export function partResult(
  purpose: Part['purpose'],
  commands: readonly CommandResult[],
  ending: Ending = passed,
): PartResult {
  const part: Part = { name: `a ${purpose.kind}`, purpose, commands: [], limitSeconds: 60 };
  return { part, ending, seconds: 2, commands };
}

export const peakResult = partResult({ kind: 'peak' }, [
  result({ json: { flops_per_second: { f32: 1e12, bf16: 8e12 } } }),
]);

const lockstep = { step_seconds: 0.5, flops_per_second: 2e11, tokens_per_second: 2000 };

export const turnsResult = partResult({ kind: 'turns', batch: 'small', dtype: 'f32' }, [
  result({ program: 'Lockstep exact', json: lockstep }),
  result({ program: 'PyTorch', json: { step_seconds: 1, tokens_per_second: 1000 } }),
  result({ program: 'Lockstep exact', json: { ...lockstep, step_seconds: 0.6 } }),
  result({
    program: 'PyTorch',
    json: { step_seconds: 2 },
    ending: { kind: 'failed', reason: 'x' },
  }),
]);
