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
import { publishedFile } from './published-file.js';
import {
  address,
  bestSoFar,
  checkpointFound,
  count,
  digest,
  finite,
  path,
  seconds,
  sha256,
  splitMetrics,
  stageName,
  stepReport,
  text,
} from './report-fields.js';

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
