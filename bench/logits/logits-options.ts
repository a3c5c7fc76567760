/** The words of `bench logits`, as one complete type. */
import { parseArgs } from 'node:util';
import { type EngineName, engineNames } from '../../worker/engine/engine.js';
import { engineNamed, positiveInteger } from '../step-options.js';

export interface LogitsOptions {
  /** A Hugging Face folder or a GGUF file. */
  readonly model: string;
  /** What bench/peers/logits.py has written. */
  readonly expected: string;
  readonly engine: EngineName;
  readonly threads: number;
}

export const logitsUsage = `usage: bench logits --model PATH --expected FILE [--engine ${engineNames.join('|')}] [--threads T]`;

/** @throws Error naming the option, its value and the rule. */
export function parseLogitsOptions(args: readonly string[]): LogitsOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      model: { type: 'string' },
      expected: { type: 'string' },
      engine: { type: 'string', default: 'torch' },
      threads: { type: 'string', default: '2' },
    },
  });
  const { model, expected } = values;
  if (model === undefined) throw new Error('--model is missing');
  if (expected === undefined) throw new Error('--expected is missing');
  return {
    model,
    expected,
    engine: engineNamed('--engine', values.engine),
    threads: positiveInteger('--threads', values.threads),
  };
}
