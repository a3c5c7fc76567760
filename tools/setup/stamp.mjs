/** A stamp is the digest of everything that a finished step has read, kept until that changes. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { root } from './paths.mjs';

/** @param parts strings and Buffers; their borders count. */
export function digest(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}

/** Names and contents of `files` (absolute), one after the other, for `digest`. */
export const contents = (files) =>
  files.flatMap((file) => [relative(root, file), readFileSync(file)]);

/** Every file below `folder` (absolute), sorted, so that a digest does not depend on the disk. */
export function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

export function hasStamp(file, value) {
  try {
    return readFileSync(file, 'utf8') === value;
  } catch {
    return false;
  }
}

export function writeStamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}

/** Before a step begins: half a step must not pass for a whole one. */
export const removeStamp = (file) => rmSync(file, { force: true });
