import { type Millis, millis } from './units.js';

/** The only way to read the time. Shells pass the real one, tests a scheduled one. */
export interface Clock {
  /** Monotonic reading in milliseconds; only differences mean something. */
  now(): Millis;
}

export const systemClock: Clock = { now: () => millis(performance.now()) };
