/**
 * What the coordinator and the workers tell each other besides the plan. All of it travels on core
 * NATS, where a message may be missed while a process is away, so whatever must arrive is repeated
 * (join, membership, heartbeats) or loses the run when its connection is lost (reports).
 */
import { z } from 'zod';
import {
  controlMessageBytes,
  controlMessageDepth,
  failureTextLength,
  membersMax,
  publishedFilesMax,
} from '../limits.js';
import { packValue, unpackValue } from './codec.js';
import { MalformedMessageError } from './guard.js';

const count = z.int().min(0);
const finite = z.number();
const seconds = z.number().min(0);
const text = z.string().max(failureTextLength);
const path = z.string().min(1).max(4096);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Of a dataset, or of pretrained weights. */
const digest = z.string().min(1).max(128);

/** `host:port` of a worker's links. */
const address = z.string().regex(/^[^\s]{1,253}:\d{1,5}$/);

const stageName = z.string().min(1).max(63);

/** Identical on every member, except for the durations. Mirrors the training thread's report. */
const stepReport = z.strictObject({
  step: count,
  stage: stageName.nullable(),
  loss: finite,
  sequences: count,
  itemTokens: count,
  distinctItems: count,
  /** What the objective reports, by the names that it has in the history. */
  measures: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), finite),
  itemCosine: finite,
  gradientNorm: finite,
  learningRate: finite,
  phaseSeconds: z.record(z.string().max(32), seconds),
  waitSeconds: seconds,
});

const splitMetrics = z.strictObject({
  split: z.enum(['validation', 'test']),
  model: z.enum(['hllm', 'best', 'popularity', 'base-rate']),
  users: count,
  tooShort: count,
  repeats: count,
  tied: count,
  items: count,
  targets: z
    .strictObject({ total: count, wanted: count, users: count, oneClass: count })
    .optional(),
  values: z.record(z.string().max(64), finite),
});

/** The best evaluation of the validation split so far. */
const bestSoFar = z.strictObject({
  metric: z.string().max(64),
  repeats: z.enum(['allow', 'count', 'exclude']),
  value: finite,
  committedSteps: count,
  evaluationsSince: count,
});

const checkpointFound = z.strictObject({ path, committedSteps: count });

const fromWorker = z.discriminatedUnion('kind', [
  /** Repeated until a membership names the sender. */
  z.strictObject({
    kind: z.literal('join'),
    address,
    pid: count,
    host: z.string().max(253),
    /** The newest complete checkpoint that this worker can read; null without one, or unasked. */
    checkpoint: checkpointFound.nullable(),
  }),
  z.strictObject({ kind: z.literal('heartbeat'), committedSteps: count }),
  /** A folder is missing here or holds something else than the digest says: please publish the files. */
  z.strictObject({ kind: z.literal('files-wanted'), digest }),
  /** Weights are loaded, plans are wanted from `step` on. */
  z.strictObject({ kind: z.literal('ready'), step: count }),
  z.strictObject({
    kind: z.literal('committed'),
    report: stepReport,
    /** Of the step's plan as this member read it. */
    planSha256: sha256,
  }),
  z.strictObject({ kind: z.literal('checkpointed'), committedSteps: count, path, seconds }),
  z.strictObject({ kind: z.literal('evaluating'), done: count, total: count }),
  z.strictObject({ kind: z.literal('encoding'), done: count, total: count }),
  z.strictObject({
    kind: z.literal('validated'),
    committedSteps: count,
    results: z.array(splitMetrics).max(16),
    best: bestSoFar.nullable(),
  }),
  z.strictObject({
    kind: z.literal('rolled-back'),
    committedSteps: count,
    rolledBackTo: count,
    reason: text,
    falseNegatives: z.enum(['text', 'cosine', 'none']),
    learningRate: finite,
  }),
  z.strictObject({ kind: z.literal('evaluated'), results: z.array(splitMetrics).max(16) }),
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
  z.strictObject({
    kind: z.literal('failed'),
    code: z.string().max(64),
    message: text,
    stack: text,
    committedSteps: count,
  }),
]);

const publishedFile = z.strictObject({
  /** A plain name: it becomes a file of the cache folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  bytes: count,
  sha256,
});

const fromCoordinator = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('heartbeat'), committedSteps: count }),
  /** Who trains, on what, from where. Said again to whoever joins again. */
  z.strictObject({
    kind: z.literal('membership'),
    generation: count,
    /** By rank. */
    members: z
      .array(z.strictObject({ worker: z.string().max(128), address }))
      .min(1)
      .max(membersMax),
    /** Secret of this run's links: only who knows it is let in. */
    linksToken: z.string().min(16).max(128),
    /** The whole spec; the worker parses it like any other. */
    job: z.unknown(),
    dataset: z.strictObject({ directory: path, digest }),
    checkpointDirectory: path,
    resumeFrom: path.nullable(),
    totalSteps: count,
    evaluate: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('files-published'),
    digest,
    files: z.array(publishedFile).min(1).max(publishedFilesMax),
  }),
  /** Finish the step, write a checkpoint, end. */
  z.strictObject({ kind: z.literal('stop') }),
  z.strictObject({ kind: z.literal('abort'), reason: text }),
  /** Everyone finished and agrees: go home. */
  z.strictObject({ kind: z.literal('complete') }),
]);

export type FromWorker = z.infer<typeof fromWorker>;
export type FromCoordinator = z.infer<typeof fromCoordinator>;
export type ReportedStep = z.infer<typeof stepReport>;
export type ReportedBest = z.infer<typeof bestSoFar>;
export type ReportedMetrics = z.infer<typeof splitMetrics>;
export type FoundCheckpoint = z.infer<typeof checkpointFound>;
export type PublishedFile = z.infer<typeof publishedFile>;
export type Membership = Extract<FromCoordinator, { kind: 'membership' }>;

function encode(message: FromWorker | FromCoordinator): Uint8Array {
  const bytes = packValue(message);
  if (bytes.byteLength > controlMessageBytes) {
    throw new RangeError(
      `Cannot send "${message.kind}": it has ${bytes.byteLength} bytes, at most ${controlMessageBytes} are allowed`,
    );
  }
  return bytes;
}

function decode<Message>(schema: z.ZodType<Message>, bytes: Uint8Array): Message {
  if (bytes.byteLength > controlMessageBytes) {
    throw new MalformedMessageError('size', `it has ${bytes.byteLength} bytes`);
  }
  const parsed = schema.safeParse(unpackValue(bytes, controlMessageDepth));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new MalformedMessageError(
    field === 'kind' ? 'kind' : 'fields',
    `field "${field}": ${issue?.message ?? 'invalid'}`,
    { cause: parsed.error },
  );
}

export const encodeFromWorker = (message: FromWorker): Uint8Array => encode(message);
export const encodeFromCoordinator = (message: FromCoordinator): Uint8Array => encode(message);

/** @throws MalformedMessageError */
export const decodeFromWorker = (bytes: Uint8Array): FromWorker => decode(fromWorker, bytes);

/** @throws MalformedMessageError */
export const decodeFromCoordinator = (bytes: Uint8Array): FromCoordinator =>
  decode(fromCoordinator, bytes);

/** Shortens a text of a failure to what a message may carry. */
export const failureText = (value: string): string => value.slice(0, failureTextLength);
