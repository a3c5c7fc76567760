/**
 * What a job's leader reports to whoever started it (on Kubernetes the controller): how far the run
 * is, who trains, what changes have cost. A JSON text, sent by HTTP POST to the address that the
 * coordinator was given; the last part of its path is the subject that the body repeats as `uid`.
 *
 * A report says what is, never what changed: one that is lost costs nothing but time. The pair of
 * `fence` and `sequence` only grows, so whoever receives reports ignores a leader that was succeeded,
 * and a report that somebody sends again. `job-report-seal.ts` says how it is signed.
 */
import { z } from 'zod';
import { membersMax } from '../limits.js';
import { type Bytes, bytes } from '../units.js';
import { MalformedMessageError } from './guard.js';
import { count, finite, recoveryCause, seconds, sha256 } from './report-fields.js';

/** `membersMax` names of at most 128 characters, and some kilobytes. */
export const jobReportBytes: Bytes = bytes(256 * 1024);

/** Whoever shows them has room for a screen of them. */
export const reportedMetricsMax = 64;
export const reportedRecoveriesMax = 10;
/** Of a recovery; a thousand names in each of ten would not fit into a report. */
export const reportedWorkersMax = 16;
/** Characters of a reason, or of the message of a failure. */
export const reportedTextLength = 1024;

const worker = z.string().min(1).max(128);
const time = z.iso.datetime();
const reason = z.string().max(reportedTextLength);

export const jobPhases = [
  /** Nobody has trained yet. */
  'starting',
  'training',
  /** Somebody has trained, and nobody does now: `reason` says why. */
  'paused',
  /** The last step is done, and its evaluation or the last checkpoint is under way. */
  'evaluating',
  'finished',
  'failed',
] as const;

export type JobPhase = (typeof jobPhases)[number];

const recovery = z.object({
  time,
  cause: recoveryCause,
  workers: z.array(worker).max(membersMax),
  /** From the last sign of life to the decision. */
  detectSeconds: seconds,
  /** From there until every member knew where to go on. */
  reformSeconds: seconds,
  /** From there until every member trained. */
  resumeSeconds: seconds,
  /** Steps that were under way and were computed again. */
  stepsLost: count,
});

// Not strict: a coordinator may be newer than whoever reads its reports.
const schema = z.object({
  /** Whose run it is, as whoever started it names it. */
  uid: z.string().min(1).max(128),
  runId: z.string().min(1).max(64),
  /** Number of the leadership. */
  fence: count,
  /** 1, 2, ... of this leadership. */
  sequence: count,
  /** ISO 8601, of the leader's clock: for people. */
  time,
  phase: z.enum(jobPhases),
  /** Why it is in this phase, for people; empty where there is nothing to say. */
  reason,
  /** Stable word for a failure, as in docs/json-output.md; null in every other phase. */
  code: z.string().max(64).nullable(),
  committedSteps: count,
  totalSteps: count,
  /** Of the last recorded step; null before the first one. */
  loss: finite.nullable(),
  /** Numbers of the last step by their names in the history, and of evaluations: `test.recall@10`. */
  metrics: z
    .record(z.string().min(1).max(128), finite)
    .refine((metrics) => Object.keys(metrics).length <= reportedMetricsMax),
  /** At the pace of the last steps; null where nothing is known of it. */
  estimatedRemainingSeconds: seconds.nullable(),
  /** Who trains, by rank. */
  members: z.array(worker).max(membersMax),
  generation: count,
  /** `workers.min`: with fewer nobody trains. */
  min: count,
  /** The newest one. */
  checkpoint: z.object({ step: count, time }).nullable(),
  /** The last ones, oldest first. */
  recoveries: z.array(recovery).max(reportedRecoveriesMax),
  /** Who holds up the others; null where nobody does. */
  straggler: worker.nullable(),
  /** How many members have been lost so far. */
  restarts: count,
  /** What was trained; null before the end. */
  weightsSha256: sha256.nullable(),
});

export type JobReport = Readonly<z.infer<typeof schema>>;
export type ReportedRecovery = JobReport['recoveries'][number];

export const encodeJobReport = (report: JobReport): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(report));

/** @throws MalformedMessageError */
export function decodeJobReport(data: Uint8Array): JobReport {
  if (data.byteLength > jobReportBytes) {
    throw new MalformedMessageError('size', `it has ${data.byteLength} bytes`);
  }
  const parsed = schema.safeParse(jsonOf(data));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MalformedMessageError(
    'fields',
    `field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`,
    { cause: parsed.error },
  );
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (cause) {
    throw new MalformedMessageError('encoding', 'it is no JSON text', { cause });
  }
}

type Age = Pick<JobReport, 'fence' | 'sequence'>;

/** Whether a report tells more than the one before; `null`: there is none before. */
export const isNewerReport = (report: Age, before: Age | null): boolean =>
  before === null ||
  report.fence > before.fence ||
  (report.fence === before.fence && report.sequence > before.sequence);
