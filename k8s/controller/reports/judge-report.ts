/** Whether a report is one: from the job that it is about, and about the run that it has. */

import { decodeJobReport, type JobReport } from '../../../shared/messages/job-report.js';
import { hasSeal } from '../../../shared/messages/job-report-seal.js';
import { runOfObject } from '../../names.js';

export type JudgedReport =
  | { readonly kind: 'report'; readonly report: JobReport }
  | { readonly kind: 'refused'; readonly status: 400 | 401; readonly reason: string };

export function judgeReport(
  body: Uint8Array,
  authorization: string | undefined,
  key: Uint8Array,
  uid: string,
): JudgedReport {
  // Before anything of it is read.
  if (!hasSeal(authorization, key, body)) {
    return { kind: 'refused', status: 401, reason: 'it is not signed with the key of this job' };
  }
  let report: JobReport;
  try {
    report = decodeJobReport(body);
  } catch (error) {
    return { kind: 'refused', status: 400, reason: (error as Error).message };
  }
  if (report.uid !== uid || report.runId !== runOfObject(uid)) {
    return { kind: 'refused', status: 400, reason: 'it is about another job or run' };
  }
  return { kind: 'report', report };
}
