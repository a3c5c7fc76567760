/** The state of a run in one line. Pure: who draws it decides where and how often. */
import type { ReportedStep } from '../../../shared/messages/report-fields.js';

export interface Progress {
  readonly committedSteps: number;
  readonly totalSteps: number;
  /** Its name; null where the job has none. */
  readonly stage: string | null;
  readonly loss: number;
  /** Of a prediction, on average: a loss that falls because they go is no good. */
  readonly liveNegatives: number | undefined;
  /** The part of the loss that labelled targets have; undefined where they are all of it, or none. */
  readonly classificationLoss?: number | undefined;
  /** Null until two steps have been seen. */
  readonly rate: Rate | null;
}

export interface Rate {
  readonly usersPerSecond: number;
  readonly tokensPerSecond: number;
  readonly secondsPerStep: number;
}

/** Steps that the rate is averaged over: enough to be calm, few enough to show a change. */
const window = 20;

/** Averages over the last steps. */
export class RateMeter {
  #seen: { readonly seconds: number; readonly users: number; readonly tokens: number }[] = [];

  /** `seconds` is a reading of a monotonic clock. */
  add(seconds: number, report: Pick<ReportedStep, 'sequences' | 'itemTokens'>): void {
    this.#seen.push({ seconds, users: report.sequences, tokens: report.itemTokens });
    if (this.#seen.length > window + 1) this.#seen.shift();
  }

  get rate(): Rate | null {
    const [first, ...later] = this.#seen;
    const last = later.at(-1);
    if (first === undefined || last === undefined) return null;
    const seconds = Math.max(1e-9, last.seconds - first.seconds);
    const sum = (of: 'users' | 'tokens'): number => later.reduce((all, seen) => all + seen[of], 0);
    return {
      usersPerSecond: sum('users') / seconds,
      tokensPerSecond: sum('tokens') / seconds,
      secondsPerStep: seconds / later.length,
    };
  }
}

/** `step 12/60  loss 4.1234  511 negatives  118 users/s  24,310 tokens/s  ETA 1:05`. */
export function progressText(progress: Progress): string {
  const { committedSteps, totalSteps, stage, loss, liveNegatives, rate } = progress;
  const { classificationLoss } = progress;
  const width = String(totalSteps).length;
  const parts = [
    `step ${String(committedSteps).padStart(width)}/${totalSteps}`,
    ...(stage === null ? [] : [stage]),
    `loss ${loss.toFixed(4)}`,
  ];
  if (classificationLoss !== undefined) parts.push(`targets ${classificationLoss.toFixed(4)}`);
  if (liveNegatives !== undefined) parts.push(`${compact(liveNegatives)} negatives`);
  if (rate !== null) {
    parts.push(
      `${compact(rate.usersPerSecond)} users/s`,
      `${compact(rate.tokensPerSecond)} tokens/s`,
      `ETA ${duration((totalSteps - committedSteps) * rate.secondsPerStep)}`,
    );
  }
  return parts.join('  ');
}

/** `9.5`, `118`, `24,310`. */
export function compact(value: number): string {
  if (value < 10) return value.toFixed(1);
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `0:05`, `12:30`, `1:02:03`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const tail = String(whole % 60).padStart(2, '0');
  return hours === 0
    ? `${minutes}:${tail}`
    : `${hours}:${String(minutes).padStart(2, '0')}:${tail}`;
}
