/**
 * One run in a folder at a time: a file `.lock` that names its owner, who touches it every second.
 *
 * The file appears whole (a link to one that is written), so of two who come at once one gets it.
 * A dead owner's lock is replaced by a rename, which looks at no content; so only that process may
 * do it which holds the lock on the succession, `.lock.<token>`, after a second look at the first.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../shared/clock.js';
import { ownerLease, ownerRenewInterval, ownerWatchInterval } from '../../shared/limits.js';
import type { Owner } from '../../shared/run/owner.js';
import { decideTakeOver } from '../../shared/run/take-over.js';
import { type Millis, millis } from '../../shared/units.js';
import { livenessOf, ownIdentity } from './process-identity.js';
import { temporaryName } from './temporary-name.js';

/** Another run is at work in the folder. */
export class FolderBusyError extends Error {
  override readonly name = 'FolderBusyError';
  readonly code = 'FOLDER_BUSY';
}

/** Nothing can be written into the folder. */
export class FolderUnusableError extends Error {
  override readonly name = 'FolderUnusableError';
  readonly code = 'FOLDER_UNUSABLE';
}

/** Someone else has taken the folder, or removed it: this run must write nothing more. */
export class FolderLostError extends Error {
  override readonly name = 'FolderLostError';
  readonly code = 'FOLDER_LOST';
}

export interface FolderLock {
  /** Resolves when the folder is no longer ours, although nobody has released it. */
  readonly lost: Promise<FolderLostError>;
  /** Gives the folder back; one that was made for the lock, and is still empty, goes with it. */
  release(): void;
}

export interface LockOptions {
  /** Says what it waits for, once, before it waits for seconds. */
  readonly note: (text: string) => void;
  readonly lease?: Millis;
}

interface LockRecord {
  readonly token: string;
  readonly owner: Owner;
  /** ISO 8601, of the owner's clock: for people. */
  readonly since: string;
}

const lockName = '.lock';

/** What a file system says of a folder, or of a `.lock`, that cannot be used as one. */
const unusable: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ENOSPC',
  'ENAMETOOLONG',
]);

/** @throws FolderBusyError, FolderUnusableError */
export async function lockFolder(folder: string, options: LockOptions): Promise<FolderLock> {
  let made: string | undefined;
  try {
    made = mkdirSync(folder, { recursive: true });
    const path = join(folder, lockName);
    const mine = { token: randomUUID(), owner: ownIdentity(), since: new Date().toISOString() };
    const file = await take(folder, path, mine, options);
    return hold(folder, path, file, () => removeEmpty(folder, made));
  } catch (error) {
    removeEmpty(folder, made);
    const { code, syscall } = error as NodeJS.ErrnoException;
    // What Node says of a folder that should be made on a disk that is read only.
    const cannotBeMade = code === 'ENOENT' && syscall === 'mkdir';
    if (!cannotBeMade && !unusable.has(code ?? '')) throw error;
    throw new FolderUnusableError(
      `Cannot write into "${folder}": ${(error as Error).message}: it must be a folder that this ` +
        'user may write',
      { cause: error },
    );
  }
}

/** @returns the descriptor of the file that stands at `path`. */
async function take(
  folder: string,
  path: string,
  mine: LockRecord,
  options: LockOptions,
): Promise<number> {
  for (;;) {
    const file = place(path, mine, linkWhole);
    if (file !== null) return file;
    const found = readLock(path);
    if (found === null) continue;
    await requireDead(folder, path, found, options);
    const succession = `${path}.${found.token}`;
    const right = await take(folder, succession, mine, options);
    try {
      // The owner may have been replaced, and its successor gone, since the first look.
      if (readLock(path)?.token === found.token) return place(path, mine, renameSync) as number;
    } finally {
      closeSync(right);
      rmSync(succession, { force: true });
    }
  }
}

/** Writes the record to a file of its own and puts that in its place; null where the place is taken. */
function place(
  path: string,
  record: LockRecord,
  put: (from: string, to: string) => void,
): number | null {
  const temporary = join(dirname(path), temporaryName('lock'));
  try {
    writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { flag: 'wx' });
    put(temporary, path);
    return openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return null;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function linkWhole(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // Some file systems have no links; there a reader may find half a record, and waits.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(code)) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

/** Returns when the owner is dead, or has let go meanwhile. @throws FolderBusyError */
async function requireDead(
  folder: string,
  path: string,
  found: LockRecord,
  { note, lease = ownerLease }: LockOptions,
): Promise<void> {
  const begin = systemClock.now();
  const first = touchedAt(path);
  let said = false;
  for (;;) {
    const now = readLock(path);
    if (now?.token !== found.token) return;
    const decision = decideTakeOver(
      {
        liveness: livenessOf(found.owner),
        watchedFor: millis(systemClock.now() - begin),
        renewed: touchedAt(path) !== first,
      },
      lease,
    );
    if (decision.kind === 'take-over') return;
    if (decision.kind === 'refuse') {
      throw new FolderBusyError(
        `Cannot use "${folder}": ${holderText(found)} is at work in it: ${decision.reason}: ` +
          'choose another --output, or wait until it has ended',
      );
    }
    if (!said) note(`waiting to see whether ${holderText(found)} still uses "${folder}"`);
    said = true;
    await sleep(ownerWatchInterval);
  }
}

const holderText = ({ owner, since }: LockRecord): string =>
  `the run of pid ${owner.pid} on ${owner.host} (since ${since})`;

/** Null where there is none. One that is not whole has an owner of whom nothing is known. */
function readLock(path: string): LockRecord | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as LockRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (!(error instanceof SyntaxError)) throw error;
    const owner = { host: 'unknown', pid: 0, boot: '', pidNamespace: null, startTicks: null };
    return { token: 'damaged', owner, since: 'unknown' };
  }
}

/** Opened first: on a network's file system, that is what asks the server. */
function touchedAt(path: string): number | null {
  try {
    const file = openSync(path, 'r');
    try {
      return fstatSync(file).mtimeMs;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function hold(folder: string, path: string, file: number, onRelease: () => void): FolderLock {
  let settle: (error: FolderLostError) => void = () => undefined;
  const lost = new Promise<FolderLostError>((resolve) => {
    settle = resolve;
  });
  // Touched through the descriptor: were the file another's by now, that one would not be touched.
  const isOurs = (): boolean =>
    statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(file).ino;
  const renewing = setInterval(() => {
    touch(file);
    if (isOurs()) return;
    clearInterval(renewing);
    const taker = readLock(path);
    const why = taker === null ? 'its .lock is gone' : `${holderText(taker)} has taken it over`;
    settle(new FolderLostError(`Cannot go on in "${folder}": ${why}`));
  }, ownerRenewInterval);
  renewing.unref();
  return {
    lost,
    release() {
      clearInterval(renewing);
      if (isOurs()) rmSync(path, { force: true });
      closeSync(file);
      onRelease();
    },
  };
}

function touch(file: number): void {
  const now = new Date();
  try {
    futimesSync(file, now, now);
  } catch {
    // A disk that fails for a moment is no reason to end a run: the next touch may succeed.
  }
}

/** Removes the folders that were made for the lock, from the innermost up to `made`, where empty. */
function removeEmpty(folder: string, made: string | undefined): void {
  if (made === undefined) return;
  try {
    for (let path = folder; path.length >= made.length; path = dirname(path)) rmdirSync(path);
  } catch {
    // It holds something by now, or someone else removed it.
  }
}
