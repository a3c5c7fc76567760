/**
 * Keeps two who undo each other's writes from doing so a hundred times a second: the same change of the same
 * object, done again and again, waits longer each time. Who undoes it, a policy, a queue or a person, nobody
 * here knows.
 */
import type { WallTime } from '../reconcile/seen.js';

/** A user may change his mind. */
const freeTimes = 3;
const firstWait = 500;
const longestWait = 60_000;
/** What has held for so long was not undone by anybody who is at it. */
const calmAfter = 10_000;
/** Of changes of one job. */
const rememberedMax = 100;

interface Done {
  readonly times: number;
  readonly at: WallTime;
}

const waitAfter = (times: number): number =>
  times < freeTimes ? 0 : Math.min(longestWait, firstWait * 2 ** (times - freeTimes));

export class Repetitions {
  readonly #done = new Map<string, Done>();

  /** @returns milliseconds until this change may be made; 0: now */
  wait(change: string, now: WallTime): number {
    const done = this.#done.get(change);
    return done === undefined ? 0 : Math.max(0, done.at + waitAfter(done.times) - now);
  }

  note(change: string, now: WallTime): void {
    const done = this.#done.get(change);
    const isNew = done === undefined || now - done.at > waitAfter(done.times) + calmAfter;
    if (this.#done.size >= rememberedMax) this.#done.clear();
    this.#done.set(change, { times: isNew ? 1 : done.times + 1, at: now });
  }
}
