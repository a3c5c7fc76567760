/**
 * The run's log: everything that happened in a run, in order, appended by its leader alone. Whoever
 * wants to know a run reads it from the beginning: a new leader, a command that watches, an audit.
 */
import { z } from 'zod';
import { ledgerRecord } from '../../ledger/ledger-record.js';
import { logEntryBytes, logEntryDepth, membersMax } from '../../limits.js';
import { position } from '../../membership/position.js';
import { packValue, unpackValue } from '../codec.js';
import { facts, metrics } from '../facts.js';
import { MalformedMessageError } from '../guard.js';
import {
  bestSoFar,
  count,
  finite,
  path,
  phaseSeconds,
  recoveryCause,
  seconds,
  sha256,
  stageName,
  stepReport,
  text,
} from '../report-fields.js';
import { linksTold, ownWork } from '../work-fields.js';
import { operatorEntries } from './operator-entries.js';
import { requestBy } from './request-fields.js';

const worker = z.string().max(128);

const liveNegatives = z.strictObject({ mean: finite, least: finite, leastOfRun: finite });

/** What a run came to: see `RunResult`. */
const runResult = z.strictObject({
  committedSteps: count,
  finalLoss: finite.nullable(),
  liveNegatives: liveNegatives.nullable(),
  weightsSha256: sha256,
  stopped: z.boolean(),
  endedEarly: z.boolean(),
  stage: stageName.nullable(),
  best: bestSoFar.extend({ checkpoint: path }).nullable(),
  checkpoint: path.nullable(),
  metrics,
});

const happening = z.discriminatedUnion('kind', [
  /** A coordinator leads from here on. */
  z.strictObject({ kind: z.literal('led'), coordinator: z.string().max(256), totalSteps: count }),
  /** A generation has been formed, and later has its start: two entries of one number. */
  z.strictObject({
    kind: z.literal('generation'),
    generation: count,
    planned: z.boolean(),
    reason: z.string().max(512),
    members: z.array(z.strictObject({ worker, lanes: count })).max(membersMax),
    writer: worker.nullable(),
    /** Null while it forms. */
    position: position.nullable(),
    /** The checkpoint where it began from one, as its holder names it; null otherwise. */
    resumedFrom: path.nullable(),
  }),
  /** Nobody trains, and why. */
  z.strictObject({ kind: z.literal('waiting'), reason: text }),
  z.strictObject({
    kind: z.literal('committed'),
    generation: count,
    report: stepReport,
    /** Since the step before was committed, or since training began or went on. */
    seconds,
    /** What the step was trained on; see shared/ledger. */
    ledger: ledgerRecord,
  }),
  z.strictObject({ kind: z.literal('checkpointed'), committedSteps: count, path, seconds, worker }),
  ...facts,
  /** A loss or a planned change, and what it cost. */
  z.strictObject({
    kind: z.literal('recovered'),
    generation: count,
    cause: recoveryCause,
    /** Who was lost, came or went. */
    workers: z.array(worker).max(membersMax),
    planned: z.boolean(),
    /** From the last sign of life to the decision; 0 for a planned change. */
    detectSeconds: seconds,
    /** From the decision until every member has the generation's start. */
    reformSeconds: seconds,
    /** From there until every member trains. */
    resumeSeconds: seconds,
    /** From the last commit before to the first one after, less a usual step. */
    lostSeconds: seconds,
    /** Lanes of steps that were computed in part and computed again. */
    recomputedSteps: count,
  }),
  /** Where the members' time went: sums over the steps since the entry before. */
  z.strictObject({
    kind: z.literal('phases'),
    generation: count,
    steps: count,
    /** By rank. */
    members: z
      .array(
        z.strictObject({
          ...{ worker, lanes: count, phaseSeconds, waitSeconds: seconds },
          /** Of its own lanes; left out where it has not told it. */
          work: ownWork.extend({ users: count }).optional(),
          /** Told less often. */
          host: z.string().max(253).optional(),
          links: linksTold.optional(),
        }),
      )
      .max(membersMax),
  }),
  z.strictObject({ kind: z.literal('stopping'), by: requestBy }),
  ...operatorEntries,
  z.strictObject({ kind: z.literal('finished'), result: runResult }),
  z.strictObject({
    kind: z.literal('failed'),
    code: z.string().max(64),
    message: text,
    /** Whose failure it is, where it is known. */
    worker: worker.nullable(),
    committedSteps: count,
  }),
]);

const logEntry = z.strictObject({
  /** Of the leader that appended it. */
  fence: count,
  /** ISO 8601, of the leader's clock. */
  time: z.string().max(40),
  entry: happening,
});

export type LogEntry = z.infer<typeof logEntry>;
export type Happening = LogEntry['entry'];

export const encodeLogEntry = (entry: LogEntry): Uint8Array => packValue(entry);

/** @throws MalformedMessageError */
export function decodeLogEntry(data: Uint8Array): LogEntry {
  if (data.byteLength > logEntryBytes) {
    throw new MalformedMessageError('size', `it has ${data.byteLength} bytes`);
  }
  const parsed = logEntry.safeParse(unpackValue(data, logEntryDepth));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MalformedMessageError(
    'fields',
    `field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'invalid'}`,
    { cause: parsed.error },
  );
}
