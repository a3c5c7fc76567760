import { createHash } from 'node:crypto';
import type { FileDigest } from '../../storage/hashed-files.js';
import { CheckpointError } from './checkpoint-error.js';
import {
  type CheckpointExpectation,
  type CheckpointManifest,
  committedStepsOf,
  fileOf,
  formatVersion,
  manifestBytesMax,
  manifestFile,
  manifestSchema,
  tensorFiles,
} from './checkpoint-folder.js';
import { nameOf, openCheckpointFiles } from './store/open-checkpoint-store.js';

/**
 * Reads a checkpoint's manifest and checks every byte that it vouches for, without loading it.
 *
 * @throws CheckpointError where it is damaged, or belongs to another job or dataset.
 */
export async function verifyCheckpoint(
  path: string,
  expected: CheckpointExpectation,
): Promise<CheckpointManifest> {
  const manifest = await readManifest(path, expected);
  for (const name of tensorFiles) {
    await checkSize(path, name, manifest);
    await checkFile(path, name, manifest);
  }
  return manifest;
}

/** The manifest alone; the files that it names are not looked at. */
export async function readManifest(
  path: string,
  expected: CheckpointExpectation,
): Promise<CheckpointManifest> {
  const manifest = parseManifest(path, await readManifestText(path));
  const named = committedStepsOf(nameOf(path));
  if (named !== null && named !== manifest.committedSteps) {
    const reason = `its manifest is of step ${manifest.committedSteps}: its name says ${named}`;
    throw new CheckpointError(path, reason);
  }
  checkOwner(path, 'job', manifest.jobDigest, expected.jobDigest);
  checkOwner(path, 'dataset', manifest.datasetDigest, expected.datasetDigest);
  return manifest;
}

async function readManifestText(path: string): Promise<string> {
  await checkSizeOf(path, manifestFile, (bytes) =>
    bytes <= manifestBytesMax ? null : `at most ${manifestBytesMax} are possible`,
  );
  const files = openCheckpointFiles(path);
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of files.read(manifestFile, { begin: 0, end: manifestBytesMax })) {
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** @throws CheckpointError */
export function parseManifest(path: string, text: string): CheckpointManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(path, `${manifestFile} is not JSON`, { cause });
  }
  const version = (value as { formatVersion?: unknown } | null)?.formatVersion;
  if (typeof version === 'number' && version !== formatVersion) {
    const reason = `it has format version ${version}: this program reads ${formatVersion}`;
    throw new CheckpointError(path, reason);
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') || 'its structure';
  throw new CheckpointError(path, `${manifestFile} is no manifest: ${field} is wrong`);
}

function checkOwner(path: string, what: string, is: string, expected: string | null): void {
  if (expected === null || is === expected) return;
  const short = (digest: string): string => digest.slice(0, 12);
  const reason = `it belongs to the ${what} ${short(is)}...: this ${what} is ${short(expected)}...`;
  throw new CheckpointError(path, reason);
}

/** @throws CheckpointError where the file is missing or has another size. */
export function checkSize(
  path: string,
  name: keyof CheckpointManifest['files'],
  manifest: CheckpointManifest,
): Promise<void> {
  const expected = manifest.files[name].bytes;
  return checkSizeOf(path, fileOf(manifest, name), (bytes) =>
    bytes === expected ? null : `the manifest says ${expected}`,
  );
}

async function checkSizeOf(
  path: string,
  file: string,
  complaint: (bytes: number) => string | null,
): Promise<void> {
  const size = await openCheckpointFiles(path).size(file);
  const wrong = complaint(size);
  if (wrong !== null) throw new CheckpointError(path, `${file} has ${size} bytes: ${wrong}`);
}

/** Reads all of it. @throws CheckpointError where the bytes are not those that were written. */
export async function checkFile(
  path: string,
  name: keyof CheckpointManifest['files'],
  manifest: CheckpointManifest,
): Promise<void> {
  const files = openCheckpointFiles(path);
  const hash = createHash('sha256');
  let bytes = 0;
  const all = { begin: 0, end: manifest.files[name].bytes };
  for await (const piece of files.read(fileOf(manifest, name), all)) {
    hash.update(piece);
    bytes += piece.byteLength;
  }
  checkDigest(path, name, manifest, { bytes, sha256: hash.digest('hex') });
}

/** @throws CheckpointError where the bytes are not those that were written. */
export function checkDigest(
  path: string,
  name: keyof CheckpointManifest['files'],
  manifest: CheckpointManifest,
  digest: FileDigest,
): void {
  const expected = manifest.files[name];
  if (digest.bytes === expected.bytes && digest.sha256 === expected.sha256) return;
  throw new CheckpointError(path, `${name} is damaged: its SHA-256 is not that of the manifest`);
}
