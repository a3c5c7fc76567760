/** Parts that messages of several kinds have in common: what a training says about itself. */
import { z } from 'zod';
import { stateHash } from '../ledger/ledger-record.js';
import { failureTextLength } from '../limits.js';

export const count = z.int().min(0);
export const finite = z.number();
export const seconds = z.number().min(0);
export const text = z.string().max(failureTextLength);

/** Shortens a text of a failure to what a message may carry. */
export const failureText = (value: string): string => value.slice(0, failureTextLength);

export const path = z.string().min(1).max(4096);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Of a dataset, or of pretrained weights. */
export const digest = z.string().min(1).max(128);

/** `host:port` of a worker's links. */
export const address = z.string().regex(/^[^\s]{1,253}:\d{1,5}$/);

/** What made the members stop and start again. */
export const recoveryCause = z.enum(['lost', 'joined', 'left', 'link', 'leader', 'bus']);

export const stageName = z.string().min(1).max(63);

/** Durations by the name of a phase; docs/performance.md says what each is. */
export const phaseSeconds = z.record(z.string().max(32), seconds);

/** Identical on every member, except for the durations. Mirrors the training thread's report, without its lanes. */
export const stepReport = z.strictObject({
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
  phaseSeconds,
  waitSeconds: seconds,
  stateHash,
});

export const splitMetrics = z.strictObject({
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
export const bestSoFar = z.strictObject({
  metric: z.string().max(64),
  repeats: z.enum(['allow', 'count', 'exclude']),
  value: finite,
  committedSteps: count,
  evaluationsSince: count,
});

export const checkpointFound = z.strictObject({ path, committedSteps: count });

export type ReportedStep = z.infer<typeof stepReport>;
export type ReportedBest = z.infer<typeof bestSoFar>;
export type ReportedMetrics = z.infer<typeof splitMetrics>;
export type FoundCheckpoint = z.infer<typeof checkpointFound>;
