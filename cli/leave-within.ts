import type { Millis } from '../shared/units.js';

/**
 * Ends the process of a command that is done, also where a connection that stands still would keep it.
 * Whatever ends by itself before is not disturbed.
 */
export const leaveWithin = (time: Millis): void =>
  void setTimeout(() => process.exit(), time).unref();
