/**
 * Whether this process may still publish: let a checkpoint be seen, or remove one. Only the writer of the
 * newest generation may. The main thread hears of generations and says in shared memory until when its
 * own is known to be the newest; the thread that writes looks there at the last moment. A process that
 * stood still finds, when it wakes up, that the time is over, and changes nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Millis, millis } from '../../../shared/units.js';

/**
 * Two clocks, because neither tells everything: the monotonic one stands still while the machine
 * sleeps, and the wall clock can be set. Time is over when either says so.
 */
export interface Readings {
  /** The same in all threads of a process. */
  readonly monotonic: Millis;
  /** Milliseconds since 1970. */
  readonly wall: Millis;
}

export const readings = (): Readings => ({
  monotonic: millis(Number(process.hrtime.bigint() / 1_000_000n)),
  wall: millis(Date.now()),
});

/** Whether a permit that was given until `until` holds. */
export const isPermitted = (now: Readings, until: Readings): boolean =>
  now.monotonic < until.monotonic && now.wall < until.wall;

/** The end of a permit that was good for `lease` at `at`. */
export const permittedUntil = (at: Readings, lease: Millis): Readings => ({
  monotonic: millis(at.monotonic + lease),
  wall: millis(at.wall + lease),
});

/** Publication was refused: a newer generation may be at work. What was written is gone again. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
  readonly code = 'FENCED';
}

/** Asked before anything is published or removed. */
export type MayPublish = () => boolean;

export const alwaysMayPublish: MayPublish = () => true;

/** Between two looks at a permit that is waited for. */
const lookInterval: Millis = millis(50);

/** Waits until it may publish, at most so long: whoever publishes asks once more. */
export async function permitted(mayPublish: MayPublish, patience: Millis): Promise<void> {
  const until = readings().monotonic + patience;
  while (!mayPublish() && readings().monotonic < until) await delay(lookInterval);
}

/** Two words of shared memory. Each thread makes its own object over them. */
export class PublicationPermit {
  readonly shared: SharedArrayBuffer;
  readonly #until: BigInt64Array;

  /** Without memory of another's: a new one, which permits nothing yet. */
  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.shared = shared;
    this.#until = new BigInt64Array(shared);
  }

  /**
   * Permits until then.
   *
   * @param until must be reckoned from a moment before the leader said what it rests on, such as when
   *   this process asked: a message that waited while the process stood still proves nothing of now.
   */
  grant(until: Readings): void {
    Atomics.store(this.#until, 0, BigInt(Math.floor(until.monotonic)));
    Atomics.store(this.#until, 1, BigInt(Math.floor(until.wall)));
  }

  /** Ends it at once, as when a newer generation is heard of. */
  withdraw(): void {
    this.grant({ monotonic: millis(0), wall: millis(0) });
  }

  /** Half of a new grant and half of an old one is no more than the old one. */
  allows(now: Readings = readings()): boolean {
    const monotonic = millis(Number(Atomics.load(this.#until, 0)));
    const wall = millis(Number(Atomics.load(this.#until, 1)));
    return isPermitted(now, { monotonic, wall });
  }
}

/** What a thread asks that was given shared memory, or none: then nobody fences it. */
export function mayPublishBy(shared: SharedArrayBuffer | undefined): MayPublish {
  if (shared === undefined) return alwaysMayPublish;
  const permit = new PublicationPermit(shared);
  return () => permit.allows();
}
