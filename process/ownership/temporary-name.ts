/**
 * Names of files and folders that are being written. They tell whose they are, so that whoever comes
 * later can remove what a killed process left, and nothing else.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAbandoned, ownerTag, readOwnerTag } from '../../shared/run/owner.js';
import { millis } from '../../shared/units.js';
import { livenessOf, ownIdentity } from './process-identity.js';

/** This process and a random part, for use within a name. */
export const temporaryPart = (): string =>
  `${ownerTag(ownIdentity())}.${randomUUID().slice(0, 18)}`;

/** `.name.<owner>.<random>.partial`: unique, also among containers in which everyone is pid 1. */
export const temporaryName = (name: string): string => `.${name}.${temporaryPart()}.partial`;

export const isPartial = (name: string): boolean => /^\..+\.partial$/.test(name);

/**
 * Removes those of a folder's entries that are temporary by their name and nobody's any more.
 *
 * @returns their names.
 */
export function sweepAbandoned(folder: string, isTemporary: (name: string) => boolean): string[] {
  const swept = namesIn(folder).filter((name) => isTemporary(name) && isNobodys(folder, name));
  for (const name of swept) rmSync(join(folder, name), { recursive: true, force: true });
  return swept;
}

function isNobodys(folder: string, name: string): boolean {
  const owner = readOwnerTag(name, ownIdentity().host);
  const found = statSync(join(folder, name), { throwIfNoEntry: false });
  // Another user's is not ours to remove, as in a folder that all may write.
  if (found === undefined || found.uid !== (process.getuid?.() ?? found.uid)) return false;
  // Of a file system that is shared, this compares two machines' clocks: its limit is a day.
  const untouchedFor = millis(Date.now() - found.mtimeMs);
  return isAbandoned(owner === null ? 'unknown' : livenessOf(owner), untouchedFor);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
