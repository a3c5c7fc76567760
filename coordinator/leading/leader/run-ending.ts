/** How a run ends: with a result, or with a failure; and how its end is said. */
import { codeOf } from '../../../shared/exit-codes.js';
import { type WorkerId, workerId } from '../../../shared/ids.js';
import type { RunResult } from '../../../shared/messages/run-events.js';
import { type Millis, millis } from '../../../shared/units.js';
import type { RunEnd } from '../../record/run-state.js';
import { decideResult } from '../../verdict.js';
import { goodbyeLongest, goodbyeShortest } from '../limits.js';
import type { LeaderEars } from './leader-ears.js';
import type { Leadership } from './leadership.js';
import { whoseEndCounts } from './whose-end-counts.js';

export class RunEnding {
  readonly #run: Leadership;
  readonly #ears: LeaderEars;
  #ended: { readonly end: RunEnd; readonly since: Millis } | null = null;

  constructor(run: Leadership, ears: LeaderEars) {
    this.#run = run;
    this.#ears = ears;
  }

  /** What the run came to; null while it goes on. */
  get end(): RunEnd | null {
    return this.#ended?.end ?? null;
  }

  /** What may be said of it: what stands in the log, or what no log can hold any more. */
  get said(): RunEnd | null {
    return this.#run.isUnrecorded ? this.end : this.#run.stored.end;
  }

  /** @throws WeightsDifferError */
  tryToFinish(now: Millis): boolean {
    const view = this.#run.view();
    const ends = whoseEndCounts(now, view, new Set(this.#ears.finished.keys()));
    if (ends === null) return false;
    const steps = this.#ears.finished.get(ends[0] as WorkerId)?.committedSteps ?? 0;
    if (this.#run.given.prepared.totalSteps !== null && !this.#run.steps.recordUpTo(steps))
      return false;
    this.#run.facts.recordDue();
    const result = decideResult(
      ends,
      this.#ears.finished,
      this.#ears.metricsOf,
      this.#run.ahead.liveNegatives,
    );
    if (result !== null) this.#finish(result);
    return true;
  }

  #finish(result: RunResult): void {
    this.#run.append({ kind: 'finished', result: { ...result, metrics: [...result.metrics] } });
    this.#run.given.parts.log.info({ ...result, metrics: undefined }, 'run finished');
    this.#enter({ kind: 'finished', result });
  }

  failWith(error: Error): void {
    const code = codeOf(error);
    const workers = (error as { workers?: readonly string[] }).workers;
    this.fail(code, error.message, workers?.length === 1 ? workerId(workers[0] as string) : null);
    if (code === 'INTERNAL') {
      this.#run.given.parts.log.error({ stack: error.stack }, 'unexpected error');
    }
  }

  fail(code: string, message: string, worker: WorkerId | null): void {
    if (this.end !== null || this.#run.isClosed) return;
    const committedSteps = this.#run.ahead.recordedSteps;
    this.#run.given.parts.log.error({ code, worker, committedSteps }, message);
    this.#run.append({
      kind: 'failed',
      code,
      message: message.slice(0, 8192),
      worker,
      committedSteps,
    });
    this.#enter({ kind: 'failed', code, message });
  }

  #enter(end: RunEnd): void {
    this.#ended = { end, since: this.#run.now };
    this.#run.plans.close();
    this.#run.voice.changed();
  }

  /** The end is said until nobody is heard any more, for a bounded time. */
  sayGoodbye(now: Millis): void {
    if (this.#ended === null || this.said === null) return;
    const { end, since } = this.#ended;
    this.#ears.settle();
    this.#run.voice.tick(now, millis(100));
    const heardAt = Math.max(
      0,
      ...[...this.#run.memory.workers.values()].map((one) => one.heardAt),
    );
    const isSilent = now - heardAt >= goodbyeShortest && now - since >= goodbyeShortest;
    if (!isSilent && now - since < goodbyeLongest) return;
    this.#run.close();
    this.#run.given.onOver(end);
  }
}
