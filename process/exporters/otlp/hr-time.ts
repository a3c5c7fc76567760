import type { HrTime } from '@opentelemetry/api';

/** @param seconds since 1970 @returns whole seconds, and nanoseconds */
export function hrTimeOf(seconds: number): HrTime {
  const whole = Math.floor(seconds);
  const nanoseconds = Math.round((seconds - whole) * 1e9);
  return nanoseconds === 1e9 ? [whole + 1, 0] : [whole, nanoseconds];
}
