import type { HrTime } from '@opentelemetry/api';

/**
 * Exact for the whole milliseconds of a line's time; of seconds as a double, one is off by a nanosecond in four.
 *
 * @param millis since 1970 @returns whole seconds, and nanoseconds
 */
export function hrTimeOf(millis: number): HrTime {
  const seconds = Math.floor(millis / 1000);
  const nanoseconds = Math.round((millis - seconds * 1000) * 1e6);
  return nanoseconds === 1e9 ? [seconds + 1, 0] : [seconds, nanoseconds];
}
