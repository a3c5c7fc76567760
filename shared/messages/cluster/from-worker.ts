/**
 * What a worker says to whoever leads the run. Its status is what is, said again and again; its
 * reports are facts, numbered and kept until the leader has recorded them; progress may be lost.
 */
import { z } from 'zod';
import { lanesAccount } from '../../ledger/lanes-account.js';
import { membersMax } from '../../limits.js';
import { incarnation, linksAddress } from '../../membership/generation-record.js';
import { position } from '../../membership/position.js';
import { facts } from '../facts.js';
import {
  bestSoFar,
  checkpointFound,
  count,
  digest,
  finite,
  path,
  seconds,
  sha256,
  stageName,
  stepReport,
  text,
} from '../report-fields.js';
import { linksTold, ownWork } from '../work-fields.js';
import { decodeMessage, encodeMessage } from './message-codec.js';

export const workerPhases = [
  /** Opens dataset and engine. */
  'preparing',
  /** Can be made a member. */
  'standing-by',
  /** Stopped at its position, for the start of `generation` or for its peers. */
  'paused',
  'copying',
  'training',
  /** Trained and evaluated; keeps its state until the run is over. */
  'finished',
  'failed',
] as const;

const trouble = z.strictObject({
  worker: z.string().max(128),
  how: z.enum(['closed', 'silent', 'unreachable']),
  detail: text,
});

const status = z.strictObject({
  kind: z.literal('status'),
  incarnation,
  address: linksAddress,
  pid: count,
  host: z.string().max(253),
  phase: z.enum(workerPhases),
  /** The greatest that it has heard of. */
  fence: count,
  /** That it is in, or has given up its older ones for; null before the first. */
  generation: count.nullable(),
  /** Of the state that it holds; null without one. */
  position: position.nullable(),
  /** Tells secrets of the job apart, and nothing of them; null without one. */
  secret: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .nullable()
    .optional(),
  /** The newest complete one that it can read. */
  checkpoint: checkpointFound.nullable(),
  /** It has been asked to end: it stays until a generation goes on without it. */
  leaving: z.boolean(),
  /** With peers of `generation`. */
  trouble: z.array(trouble).max(membersMax),
  /** Lanes a second, from its last steps; null before the first. */
  speed: z.number().min(0).nullable(),
  /** The lead's newest `ping` that it has heard. */
  ping: count,
});

const reports = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('committed'),
    report: stepReport,
    lanes: lanesAccount,
    /** Of the step's plan as this member read it. */
    planSha256: sha256,
    /** Left out by who does not count it. */
    work: ownWork.optional(),
    /** Every few seconds, where there are peers. */
    links: linksTold.optional(),
  }),
  z.strictObject({ kind: z.literal('checkpointed'), committedSteps: count, path, seconds }),
  ...facts,
  z.strictObject({
    kind: z.literal('finished'),
    committedSteps: count,
    finalLoss: finite.nullable(),
    weightsSha256: sha256,
    stopped: z.boolean(),
    endedEarly: z.boolean(),
    stage: stageName.nullable(),
    best: bestSoFar.extend({ checkpoint: path }).nullable(),
    checkpoint: path.nullable(),
  }),
  /** This process cannot go on; whether the job can follows from the code. */
  z.strictObject({
    kind: z.literal('failed'),
    code: z.string().max(64),
    message: text,
    stack: text,
    committedSteps: count,
  }),
]);

const fromWorker = z.discriminatedUnion('kind', [
  status,
  z.strictObject({
    kind: z.literal('report'),
    incarnation,
    /** 1, 2, ... of the incarnation; said again until `lead.heard` has it. */
    number: z.int().min(1),
    /** The least number that its sender still keeps: a leader knows by it that all before are recorded. */
    oldest: z.int().min(1),
    /** In which it happened; 0 before the first. */
    generation: count,
    report: reports,
  }),
  z.strictObject({
    kind: z.literal('progress'),
    incarnation,
    generation: count,
    doing: z.enum(['evaluating', 'encoding', 'copying']),
    done: count,
    total: count,
  }),
  /** A folder is missing here or holds something else than the digest says: please publish the files. */
  z.strictObject({ kind: z.literal('files-wanted'), digest }),
]);

export type WorkerMessage = z.infer<typeof fromWorker>;
export type WorkerStatus = Extract<WorkerMessage, { kind: 'status' }>;
export type WorkerPhase = WorkerStatus['phase'];
export type Trouble = WorkerStatus['trouble'][number];
export type NumberedReport = Extract<WorkerMessage, { kind: 'report' }>;
export type WorkerReport = z.infer<typeof reports>;
export type WorkerProgress = Extract<WorkerMessage, { kind: 'progress' }>;

export const encodeWorkerMessage = (message: WorkerMessage): Uint8Array => encodeMessage(message);

/** @throws MalformedMessageError */
export const decodeWorkerMessage = (bytes: Uint8Array): WorkerMessage =>
  decodeMessage(fromWorker, bytes);
