/** When a report is due. Reads no clock. */
import { type Millis, millis } from '../../shared/units.js';

/** Whoever shows a job has nothing from more: its status is stored by others. */
export const changeInterval: Millis = millis(1000);

/** So often without a change, so that silence means something. */
export const quietInterval: Millis = millis(5000);

/** The receiver is in the same cluster; it answers in milliseconds, or something is wrong with it. */
export const reportTimeout: Millis = millis(3000);

/** The last words of a leader are tried again for so long. */
export const farewellTimeout: Millis = millis(2000);
export const farewellPause: Millis = millis(250);

export interface ReportState {
  /** Since the last attempt began; null before the first one. */
  readonly triedAgo: Millis | null;
  /** One is on its way. */
  readonly isSending: boolean;
  /** Something has changed since what the last success told. */
  readonly hasChanged: boolean;
}

export function isReportDue({ hasChanged, isSending, triedAgo }: ReportState): boolean {
  if (isSending) return false;
  if (triedAgo === null) return true;
  return triedAgo >= (hasChanged ? changeInterval : quietInterval);
}
