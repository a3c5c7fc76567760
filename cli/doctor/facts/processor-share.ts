/** How many processors a control group gives its processes. Pure. */

export interface ShareReadings {
  /** `cpu.max` of version 2: `150000 100000`, or `max 100000`. */
  readonly max: string | null;
  /** `cpu.cfs_quota_us` of version 1; -1 is no limit. */
  readonly quota: string | null;
  /** `cpu.cfs_period_us`. */
  readonly period: string | null;
}

/** Null without a limit, and where nothing is known. */
export function processorShare({ max, quota, period }: ShareReadings): number | null {
  const [most, every] = max === null ? [quota, period] : max.trim().split(/\s+/);
  const share = Number(most?.trim() || Number.NaN) / Number(every?.trim() || Number.NaN);
  return Number.isFinite(share) && share > 0 ? share : null;
}
