/**
 * What this machine remembers of the dataset files that it has verified, so that a start does not
 * hash gigabytes again. It lies in the user's cache and not in the dataset: that may be read-only, or
 * seen by machines that should each look for themselves.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { userCache } from '../../storage/user-cache.js';
import { limits } from '../limits.js';
import { fileIdentity, isSettled } from './file-identity.js';
import type { DigestedFile, Verification } from './verification.js';

export const recordsFolder = (): string => join(userCache(), 'verified');

export class VerificationRecord implements Verification {
  readonly #path: string;
  /** By file name: its identity and digest when they were compared. */
  readonly #files: Map<string, string>;
  readonly #now: () => number;
  #changed = false;

  private constructor(path: string, files: Map<string, string>, now: () => number) {
    this.#path = path;
    this.#files = files;
    this.#now = now;
  }

  /** What cannot be read counts as nothing remembered. */
  static async open(
    directory: string,
    folder: string = recordsFolder(),
    now: () => number = Date.now,
  ): Promise<VerificationRecord> {
    // A home folder may be shared by machines; a folder may have many names.
    const key = `${hostname()}\n${await realpath(directory).catch(() => directory)}`;
    const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
    const path = join(folder, `${name}.json`);
    return new VerificationRecord(path, await load(path), now);
  }

  isVerified(file: DigestedFile, stats: BigIntStats): boolean {
    return this.#files.get(file.name) === lineOf(file, stats);
  }

  passed(file: DigestedFile, stats: BigIntStats): void {
    if (!isSettled(stats, this.#now()) || this.isVerified(file, stats)) return;
    this.#files.set(file.name, lineOf(file, stats));
    this.#changed = true;
  }

  /** Never fails: without a record the next start is slower, and no less right. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const folder = dirname(this.#path);
    const partial = `${this.#path}.${randomUUID()}.partial`;
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(partial, JSON.stringify(Object.fromEntries(this.#files)));
      await rename(partial, this.#path);
      this.#changed = false;
      await forgetOldest(folder);
    } catch {
      await rm(partial, { force: true }).catch(() => undefined);
    }
  }
}

const lineOf = ({ sha256 }: DigestedFile, stats: BigIntStats): string =>
  `${fileIdentity(stats)} ${sha256}`;

async function load(path: string): Promise<Map<string, string>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) ?? {}));
  } catch {
    return new Map();
  }
}

/** Also what a crash has left: it is as old as any record that was made with it. */
async function forgetOldest(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= limits.verifiedDatasets) return;
  const paths = names.map((name) => join(folder, name));
  const aged = await Promise.all(
    paths.map(async (path) => ({ path, at: (await stat(path).catch(() => null))?.mtimeMs ?? 0 })),
  );
  aged.sort((a, b) => b.at - a.at);
  for (const { path } of aged.slice(limits.verifiedDatasets)) await rm(path, { force: true });
}
