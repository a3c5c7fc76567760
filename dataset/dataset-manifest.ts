/** dataset.json: what a dataset folder holds, and the digest that stands for all of it. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DatasetError } from './dataset-error.js';
import { limits } from './limits.js';
import { damaged, type FileEntry } from './tables/flat-file.js';

export const manifestName = 'dataset.json';
export const formatVersion = 1;

/** The files of a folder beside dataset.json, in the order in which the digest takes them. */
export const fileNames = {
  sequenceOffsets: 'sequence-offsets.u32',
  sequenceItems: 'sequence-items.i32',
  itemTokenOffsets: 'item-token-offsets.u32',
  itemTokens: 'item-tokens.i32',
  userIds: 'user-ids.utf8',
  userIdOffsets: 'user-id-offsets.u32',
  itemIds: 'item-ids.utf8',
  itemIdOffsets: 'item-id-offsets.u32',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
} as const;

/**
 * What is kept for people to read. No training depends on it, so the digest does not cover it: the same
 * training data has one digest with texts and without. Older folders have none of these files.
 */
export const textFileNames = {
  itemTitles: 'item-titles.utf8',
  itemTitleOffsets: 'item-title-offsets.u32',
  itemTexts: 'item-texts.utf8',
  itemTextOffsets: 'item-text-offsets.u32',
} as const;

/**
 * What only objectives with labels train on. A dataset has the same digest with it and without, so that
 * labels can be added to the data of a run that never needed them; `labelledDigest` covers it.
 */
export const labelFileNames = { sequenceLabels: 'sequence-labels.u8' } as const;

export type LabelFileRole = keyof typeof labelFileNames;
export type FileRole = keyof typeof fileNames;
export type TextFileRole = keyof typeof textFileNames;
const allNames = Object.values(fileNames);
const textNames = Object.values(textFileNames);

const labelNames = Object.values(labelFileNames);

const count = z.int().min(0).max(limits.rows);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal');

const warningCode = z.enum([
  'SHORT_HISTORIES',
  'FEW_INTERACTIONS',
  'MOST_LEFT_OUT',
  'TIMES_IN_TWO_UNITS',
  'ONE_ITEM',
  'UNKNOWN_TEXTS',
  'EQUAL_TEXTS',
  'TEXTS_ARE_IDS',
  'ONE_CLASS',
]);

/** What the import has found out about its data. */
const findingsSchema = z.strictObject({
  users: z.strictObject({
    total: count,
    /** Fewer than two items beside the two that are held out. */
    tooShortToTrain: count,
    tooShortToEvaluate: count,
  }),
  interactions: z.strictObject({
    total: count,
    /** Rows that bad rows and filters have left out. */
    leftOut: count,
    /** Those of an item that the user has had before. */
    repeated: count,
    /** Items in training that are predicted from those before them. */
    predictions: count,
  }),
  texts: z.strictObject({
    total: count,
    /** By their tokens, which is what the model sees. */
    distinct: count,
    cut: count,
    /** Longer than what a job reads by default. */
    longer: count,
    /** Nothing but unknown words, what all texts have left aside. */
    unknownAlone: count,
    /** Nothing but words that no other text has. */
    ownAlone: count,
  }),
  words: z.strictObject({ distinct: count, once: count }).nullable(),
  warnings: z.array(z.strictObject({ code: warningCode, message: z.string().max(1000) })).max(100),
});

export type ImportFindings = Readonly<z.infer<typeof findingsSchema>>;
export type ImportWarning = ImportFindings['warnings'][number];

/** Where labels come from, and how many there are of each. */
const labelsSchema = z.strictObject({
  column: z.string().min(1).max(1000),
  /** The least number that counts as wanted; null where the column says 0 or 1. */
  atLeast: z.number().nullable(),
  wanted: count,
  unwanted: count,
  unlabelled: count,
});

export type DatasetLabels = Readonly<z.infer<typeof labelsSchema>>;

const manifestSchema = z.strictObject({
  formatVersion: z.literal(formatVersion),
  name: z.string().min(1).max(200),
  digest: sha256,
  counts: z.strictObject({
    users: count,
    items: count,
    interactions: count,
    itemTokens: count,
    vocabulary: count,
  }),
  /** How the folder was made, for people; the digest does not cover it. */
  options: z.record(z.string(), z.unknown()),
  /** For people as well; folders of older imports have none. */
  report: findingsSchema.optional(),
  /** Left out where there are none. */
  labels: labelsSchema.optional(),
  files: z.array(
    z.strictObject({
      name: z.enum([...allNames, ...textNames, ...labelNames]),
      bytes: z.int().min(0),
      sha256,
    }),
  ),
});

export type DatasetManifest = Readonly<z.infer<typeof manifestSchema>>;
export type DatasetCounts = DatasetManifest['counts'];

/**
 * The digest of a dataset's content: of its counts and the files that training reads, not of its name,
 * options, path, time or the texts for people. Two imports of the same data with the same result have the same digest on every machine.
 */
export function contentDigest(counts: DatasetCounts, files: readonly FileEntry[]): string {
  const { users, items, interactions, itemTokens, vocabulary } = counts;
  const lines = [
    `lockstep-dataset ${formatVersion}`,
    `${users} ${items} ${interactions} ${itemTokens} ${vocabulary}`,
    ...allNames.map((name) => {
      const file = files.find((entry) => entry.name === name)!;
      return `${file.name} ${file.bytes} ${file.sha256}`;
    }),
  ];
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/**
 * The digest of a dataset and its labels: of what an objective that needs them trains on. Null where
 * there are none.
 */
export function labelledDigest({ digest, files }: DatasetManifest): string | null {
  const entry = files.find(({ name }) => name === labelFileNames.sequenceLabels);
  if (entry === undefined) return null;
  const lines = ['lockstep-labels 1', digest, entry.sha256];
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/**
 * Whether a folder has a dataset.json.
 *
 * @throws DatasetError where that cannot be seen: what one may not read is not absent
 */
export async function isDataset(directory: string): Promise<boolean> {
  return (await manifestBytes(directory)) !== null;
}

/** @throws DatasetError */
export async function readManifest(directory: string): Promise<DatasetManifest> {
  const file = join(directory, manifestName);
  const size = await manifestBytes(directory);
  if (size === null) {
    throw new DatasetError(
      'NOT_A_DATASET',
      `Cannot open the dataset ${directory}: it has no ${manifestName}: it should be a folder that \`lockstep data\` has made`,
      { file: directory },
    );
  }
  if (size > limits.manifestBytes) {
    throw damaged(file, `it has ${size} bytes: at most ${limits.manifestBytes} are allowed`);
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(directory, cause);
  });
  return checkManifest(file, parse(file, text));
}

/** Null where there is none. */
async function manifestBytes(directory: string): Promise<number | null> {
  try {
    return (await stat(join(directory, manifestName))).size;
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw unreadable(directory, cause);
  }
}

function unreadable(directory: string, cause: unknown): DatasetError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DatasetError(
    'UNREADABLE_FILE',
    `Cannot read the dataset ${directory}: ${why}: it should be a folder that this user may read`,
    { file: directory, cause },
  );
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(file, 'it is not JSON', cause);
  }
}

function checkManifest(file: string, value: unknown): DatasetManifest {
  const version = (value as { formatVersion?: unknown } | null)?.formatVersion;
  if (Number.isInteger(version) && version !== formatVersion) {
    throw damaged(
      file,
      `its format version is ${version}: this Lockstep reads version ${formatVersion}`,
    );
  }
  const result = manifestSchema.safeParse(value);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw damaged(file, `${path.join('.') || 'the document'}: ${message}`);
  }
  const manifest = result.data;
  for (const name of allNames) {
    if (manifest.files.filter((entry) => entry.name === name).length !== 1) {
      throw damaged(file, `files: "${name}" should be listed once`);
    }
  }
  const texts = textNames.map((name) => manifest.files.filter((entry) => entry.name === name));
  if (texts.some(({ length }) => length !== texts[0]!.length || length > 1)) {
    throw damaged(file, `files: ${textNames.join(', ')} should all be listed once, or none`);
  }
  const labelFiles = manifest.files.filter(({ name }) => name === labelFileNames.sequenceLabels);
  if (labelFiles.length !== (manifest.labels === undefined ? 0 : 1)) {
    throw damaged(
      file,
      `files: "${labelFileNames.sequenceLabels}" and labels should both be there`,
    );
  }
  const digest = contentDigest(manifest.counts, manifest.files);
  if (digest !== manifest.digest) {
    throw damaged(
      file,
      `its digest is ${manifest.digest}: that of its counts and files is ${digest}`,
    );
  }
  return manifest;
}
