/** The rows of the report's table of steps, from what the programs said in turns. */
import { median } from '../median.js';
import { type PairedRatios, pairedRatios } from '../paired-ratios.js';
import { type CommandResult, type PartResult, type Program, programs } from './part.js';

export interface StepRow {
  readonly batch: string;
  readonly dtype: string;
  readonly program: Program;
  /** Medians over the turns. */
  readonly stepSeconds: number;
  readonly usersPerSecond: number | null;
  readonly tokensPerSecond: number | null;
  /** Of the operations that the step needs, which are the same for all programs. */
  readonly flopsPerSecond: number | null;
  /** Of the best matrix product of PyTorch on this device, in this precision or in f32. */
  readonly shareOfPeak: number | null;
  readonly loss: number | null;
}

/** Of a mode of Lockstep to PyTorch. */
export interface RatioRow extends PairedRatios {
  readonly program: Program;
  readonly batch: string;
  readonly dtype: string;
}

/** Floating point operations a second by precision, where the part of that purpose has passed. */
export function peakFlops(results: readonly PartResult[]): Readonly<Record<string, unknown>> {
  const peak = results.find(({ part }) => part.purpose.kind === 'peak');
  return (peak?.commands[0]?.json?.flops_per_second ?? {}) as Readonly<Record<string, unknown>>;
}

export function stepRows(results: readonly PartResult[]): StepRow[] {
  const peaks = peakFlops(results);
  return results.flatMap(({ part: { purpose }, commands }) => {
    if (purpose.kind !== 'turns') return [];
    const flops = flopsOfStep(commands);
    return programs.flatMap((program): StepRow[] => {
      const said = measured(commands, program);
      if (said.length === 0) return [];
      const middle = (name: string): number | null => {
        const values = said.map((json) => json[name]).filter((value) => typeof value === 'number');
        return values.length === 0 ? null : median(values);
      };
      const stepSeconds = middle('step_seconds') as number;
      const flopsPerSecond = flops === null ? null : flops / stepSeconds;
      const peak = peakOf(peaks, purpose.dtype);
      return [
        {
          batch: purpose.batch,
          dtype: purpose.dtype,
          program,
          stepSeconds,
          usersPerSecond: middle('users_per_second'),
          tokensPerSecond: middle('tokens_per_second'),
          flopsPerSecond,
          shareOfPeak: flopsPerSecond === null || peak === null ? null : flopsPerSecond / peak,
          loss: middle('loss'),
        },
      ];
    });
  });
}

/** Where a processor multiplies bf16 more slowly than f32, a step in bf16 may well use f32. */
function peakOf(peaks: Readonly<Record<string, unknown>>, dtype: string): number | null {
  const rates = [peaks.f32, peaks[dtype]].filter((rate) => typeof rate === 'number');
  return rates.length === 0 ? null : Math.max(...rates);
}

/** Turn by turn; a turn in which one of the two failed is left out. */
export function ratioRows(results: readonly PartResult[]): RatioRow[] {
  return results.flatMap(({ part: { purpose }, commands }) => {
    if (purpose.kind !== 'turns') return [];
    const turnsOf = (program: Program): CommandResult[] =>
      commands.filter(({ command }) => command.program === program);
    const peers = turnsOf('PyTorch');
    return programs.flatMap((program): RatioRow[] => {
      if (program === 'PyTorch') return [];
      const pairs = turnsOf(program).flatMap((ours, turn) => {
        const [first, second] = [secondsOf(ours), secondsOf(peers[turn])];
        return first === null || second === null ? [] : [{ first, second }];
      });
      if (pairs.length === 0) return [];
      return [{ batch: purpose.batch, dtype: purpose.dtype, program, ...pairedRatios(pairs) }];
    });
  });
}

/** Lockstep counts them; PyTorch says its time only. */
function flopsOfStep(commands: readonly CommandResult[]): number | null {
  const json = commands.find((result) => measures(result) && result.json?.flops_per_second)?.json;
  const rate = json?.flops_per_second;
  return typeof rate === 'number' ? rate * (json?.step_seconds as number) : null;
}

const measured = (
  commands: readonly CommandResult[],
  program: Program,
): Readonly<Record<string, unknown>>[] =>
  commands
    .filter((result) => result.command.program === program && measures(result))
    .map(({ json }) => json as Readonly<Record<string, unknown>>);

const measures = (result: CommandResult): boolean => secondsOf(result) !== null;

/** null where it failed: what it may have said before is no measurement. */
function secondsOf(result: CommandResult | undefined): number | null {
  const seconds = result?.json?.step_seconds;
  return result?.ending.kind === 'passed' && typeof seconds === 'number' ? seconds : null;
}
