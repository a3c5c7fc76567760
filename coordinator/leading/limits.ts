/** Times of a leader's watch and of its goodbye; docs/elastic.md lists them. */
import { type Millis, millis } from '../../shared/units.js';

/** A step that takes so much, and so many times the longest recent one, is told. */
export const stallFloor: Millis = millis(2000);
export const stallFactor = 10;

/** Unrecorded progress is relayed to watchers so often at most. */
export const relayInterval: Millis = millis(100);

/**
 * The end is said at least so long, and until nobody has been heard for as long: one status more than
 * a worker can have on its way.
 */
export const goodbyeShortest: Millis = millis(600);

/** And at most so long: a worker that stands still finds the end in the log. */
export const goodbyeLongest: Millis = millis(5000);

/**
 * How often a coordinator looks at its clock: a loss is decided so much later than it could be, and
 * a look costs microseconds for each member.
 */
export const lookInterval: Millis = millis(25);

/** A supervisor that waits longer than an hour for a process to end waits for ever. */
export const graceSecondsMax = 3600;
