import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { digestFile, type FileDigest } from '../../storage/hashed-files.js';
import { CheckpointError } from './checkpoint-error.js';
import {
  type CheckpointExpectation,
  type CheckpointManifest,
  committedStepsOf,
  formatVersion,
  manifestFile,
  manifestSchema,
  tensorFiles,
} from './checkpoint-folder.js';

/** A manifest has some 700 bytes; what is much longer is none. */
const manifestBytesMax = 64 * 1024;

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
  const named = committedStepsOf(basename(path));
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
  return readFile(join(path, manifestFile), 'utf8');
}

function parseManifest(path: string, text: string): CheckpointManifest {
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
  return checkSizeOf(path, name, (bytes) =>
    bytes === expected ? null : `the manifest says ${expected}`,
  );
}

async function checkSizeOf(
  path: string,
  name: string,
  complaint: (bytes: number) => string | null,
): Promise<void> {
  const status = await stat(join(path, name)).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' || cause.code === 'ENOTDIR' ? 'is missing' : cause.message;
    throw new CheckpointError(path, `${name} ${why}`, { cause });
  });
  if (!status.isFile()) throw new CheckpointError(path, `${name} is not a file`);
  const wrong = complaint(status.size);
  if (wrong !== null) throw new CheckpointError(path, `${name} has ${status.size} bytes: ${wrong}`);
}

/** Reads all of it. @throws CheckpointError where the bytes are not those that were written. */
export async function checkFile(
  path: string,
  name: keyof CheckpointManifest['files'],
  manifest: CheckpointManifest,
): Promise<void> {
  checkDigest(path, name, manifest, await digestFile(join(path, name)));
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
