/**
 * What a checkpoint is on disk: a folder `step-00000120/` with
 * - `model.safetensors`: every parameter under its Hugging Face name;
 * - `optimizer.safetensors`: AdamW's moments, `first_moment.<name>` and `second_moment.<name>`,
 *   of the parameters that train;
 * - `manifest.json`: what it belongs to, and size and digest of the two.
 *
 * The folder appears under this name in one rename, after everything in it has reached the disk, so
 * a checkpoint is complete or absent. What a crash leaves behind starts with a dot.
 */
import { z } from 'zod';
import { ownIdentity } from '../../process/ownership/process-identity.js';
import { ownerTag } from '../../shared/run/owner.js';
import type { ParameterEntry } from '../model/parameters/parameter-layout.js';
import { adapterTargets } from '../model/parameters/what-trains.js';
import { type StateLayout, type StateSection, sectionEntries } from '../state/training-state.js';
import { guardManifest } from './guard-manifest.js';

export const modelFile = 'model.safetensors';
export const optimizerFile = 'optimizer.safetensors';
export const manifestFile = 'manifest.json';

/** Raised whenever an older reader would misread a newer checkpoint. */
export const formatVersion = 1;

/** A tensor of a checkpoint's file: one parameter of one section. */
export interface CheckpointTensor {
  readonly name: string;
  readonly section: StateSection;
  readonly entry: ParameterEntry;
}

type CheckpointFile = typeof modelFile | typeof optimizerFile;

export const tensorFiles: readonly CheckpointFile[] = [modelFile, optimizerFile];

const contents: Readonly<Record<CheckpointFile, readonly (readonly [StateSection, string])[]>> = {
  [modelFile]: [['parameters', '']],
  [optimizerFile]: [
    ['firstMoments', 'first_moment.'],
    ['secondMoments', 'second_moment.'],
  ],
};

/** What a file holds, in its order; the gaps between parameters are not stored. */
export const tensorsOf = (file: CheckpointFile, layout: StateLayout): CheckpointTensor[] =>
  contents[file].flatMap(([section, prefix]) =>
    sectionEntries(layout, section).map((entry) => ({
      name: `${prefix}${entry.name}`,
      section,
      entry,
    })),
  );

/** What a checkpoint must belong to. */
export interface CheckpointExpectation {
  /** Null where any job's will do. */
  readonly jobDigest: string | null;
  /** Null where the caller does not know the dataset yet, and will check it later. */
  readonly datasetDigest: string | null;
}

const towerTraining = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['all', 'nothing']) }),
  z.strictObject({
    kind: z.literal('lora'),
    rank: z.int().min(1),
    alpha: z.number().gt(0),
    targets: z.array(z.enum(adapterTargets)).readonly(),
  }),
  z.strictObject({ kind: z.literal('last'), layers: z.int().min(1) }),
]);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const manifestSchema = z.strictObject({
  formatVersion: z.literal(formatVersion),
  /** Steps 0..n-1 are in the weights. */
  committedSteps: z.int().min(0),
  jobDigest: sha256,
  datasetDigest: sha256,
  /** `weightsDigest` of the parameters: over values, so independent of the file format. */
  weightsSha256: sha256,
  /** What trains, and so which moments there are; absent where it is everything. */
  trains: z.strictObject({ item: towerTraining, user: towerTraining }).optional(),
  /** The best evaluation so far; absent where the job keeps none. */
  best: z
    .strictObject({
      metric: z.string().min(1).max(64),
      repeats: z.enum(['allow', 'count', 'exclude']),
      value: z.number(),
      committedSteps: z.int().min(0),
      evaluationsSince: z.int().min(0),
    })
    .optional(),
  /** What the guard remembers; absent where the job has none. */
  guard: guardManifest.optional(),
  /** The folder beside the manifest that the files lie in; absent where they lie beside it. */
  within: z
    .string()
    .regex(/^files-[0-9a-f-]{1,64}$/)
    .optional(),
  files: z.strictObject({
    [modelFile]: z.strictObject({ bytes: z.int().min(8), sha256 }),
    [optimizerFile]: z.strictObject({ bytes: z.int().min(8), sha256 }),
  }),
});

/** A manifest has some 700 bytes; what is much longer is none. */
export const manifestBytesMax = 64 * 1024;

export type CheckpointManifest = z.infer<typeof manifestSchema>;

/** Where a file of a checkpoint lies, seen from its manifest. */
export const fileOf = (
  { within }: Pick<CheckpointManifest, 'within'>,
  name: keyof CheckpointManifest['files'],
): string => (within === undefined ? name : `${within}/${name}`);

/** As much of a manifest's text as says where the files lie; null where it is none. */
export function withinOf(text: string | null): Pick<CheckpointManifest, 'within'> | null {
  try {
    return manifestSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return null;
  }
}

/** Zeros in front make the names sort like the steps. */
export const checkpointName = (committedSteps: number): string =>
  `step-${String(committedSteps).padStart(8, '0')}`;

/** Null for a name that is none of a checkpoint. */
export function committedStepsOf(name: string): number | null {
  const steps = /^step-(\d{8,15})$/.exec(name)?.[1];
  return steps === undefined || checkpointName(Number(steps)) !== name ? null : Number(steps);
}

/** A folder that is being written or removed. Each attempt has its own, and tells whose it is. */
export const partialName = (committedSteps: number, attempt: string): string =>
  `.${checkpointName(committedSteps)}.${ownerTag(ownIdentity())}.${attempt}.partial`;

export const isPartialName = (name: string): boolean => /^\.step-\d+\..+\.partial$/.test(name);
