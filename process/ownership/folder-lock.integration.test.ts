/** One owner at a time, with real processes that come at once, die, and lie in other namespaces. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ownerWatchInterval } from '../../shared/limits.js';
import { millis } from '../../shared/units.js';
import { FolderBusyError, FolderUnusableError, lockFolder } from './folder-lock.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-lock-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const linux = { skip: process.platform !== 'linux' };
const quiet = { note: () => undefined };
const program = new URL('./folder-lock-fixture.js', import.meta.url);

/** A process that tries to lock; what it says is `locked` or the code of the refusal. */
async function contender(path: string): Promise<{ child: ChildProcess; said: string }> {
  const child = fork(program, [path], { stdio: 'ignore' });
  children.push(child);
  const [said] = (await once(child, 'message')) as [string];
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const entries = (path: string): string[] => readdirSync(path).sort();

// Would catch two runs that overwrite each other's checkpoints and both end with exit code 0.
test('a folder in use is refused by name, and free again afterwards', async () => {
  const path = join(folder, 'used', 'deep');
  const lock = await lockFolder(path, quiet);
  await assert.rejects(lockFolder(path, quiet), (error: unknown) => {
    assert.ok(error instanceof FolderBusyError);
    assert.match(error.message, new RegExp(`pid ${process.pid} on ${hostname()} \\(since 2`));
    return true;
  });
  assert.deepEqual(entries(path), ['.lock']);
  lock.release();
  // What was made for the lock alone goes with it.
  assert.equal(existsSync(join(folder, 'used')), false);
  mkdirSync(path, { recursive: true });
  const again = await lockFolder(path, quiet);
  writeFileSync(join(path, 'job.json'), '');
  again.release();
  assert.deepEqual(entries(path), ['job.json']);
});

// Would catch a window between the look and the write in which two get the lock.
test(
  'of eight processes that come at once to a dead owner’s folder, one gets it',
  linux,
  async () => {
    const path = join(folder, 'contended');
    const dead = await contender(path);
    assert.equal(dead.said, 'locked');
    await kill(dead.child);
    assert.ok(existsSync(join(path, '.lock')));
    const all = await Promise.all(Array.from({ length: 8 }, () => contender(path)));
    const said = all.map((one) => one.said).sort();
    assert.deepEqual(said, [...Array<string>(7).fill('FOLDER_BUSY'), 'locked']);
    const winner = all.find((one) => one.said === 'locked')?.child;
    const record = JSON.parse(readFileSync(join(path, '.lock'), 'utf8'));
    assert.equal(record.owner.pid, winner?.pid);
    assert.deepEqual(entries(path), ['.lock']);
  },
);

/** A lock of pid 1 in a container that cannot be seen from here. */
function foreignLock(path: string): string {
  mkdirSync(path, { recursive: true });
  const owner = { host: 'pod-a', pid: 1, boot: 'ffffffffffff', pidNamespace: '1', startTicks: '9' };
  const file = join(path, '.lock');
  writeFileSync(file, JSON.stringify({ token: 'theirs', owner, since: 'then' }));
  return file;
}

// Would catch a restarted container that never gets its own folder back.
test('an owner elsewhere that gives no sign of life is succeeded after a lease', async () => {
  const path = join(folder, 'restarted');
  foreignLock(path);
  const notes: string[] = [];
  const lease = millis(2 * ownerWatchInterval);
  const lock = await lockFolder(path, { note: (text) => notes.push(text), lease });
  assert.match(notes.join('\n'), /^waiting to see whether the run of pid 1 on pod-a .* still uses/);
  lock.release();
  assert.deepEqual(entries(path), []);
});

// Would catch a run in another container whose folder is taken while it trains.
test('an owner elsewhere that touches its lock is refused', async () => {
  const path = join(folder, 'elsewhere');
  const file = foreignLock(path);
  // Touched once the other watches: the note is said after its first look.
  const note = (): void => utimesSync(file, 1, 1);
  await assert.rejects(lockFolder(path, { note, lease: millis(60_000) }), FolderBusyError);
});

// Would catch a half written lock, left by a full disk, that stops every later run.
test('a lock that is not whole is succeeded after a lease', async () => {
  const path = join(folder, 'damaged');
  mkdirSync(path);
  writeFileSync(join(path, '.lock'), '{"token":');
  const lock = await lockFolder(path, { ...quiet, lease: millis(1) });
  lock.release();
});

// Would catch a frozen run that wakes up and writes into what is another's by now.
test('an owner whose lock is taken or removed hears of it, and leaves the other’s alone', async () => {
  const path = join(folder, 'taken');
  const lock = await lockFolder(path, quiet);
  // The lock's own timer keeps no process from ending.
  const waiting = setInterval(() => undefined, 1000);
  const other = foreignLock(join(folder, 'other'));
  renameSync(other, join(path, '.lock'));
  assert.match((await lock.lost).message, /pid 1 on pod-a \(since then\) has taken it over$/);
  clearInterval(waiting);
  lock.release();
  assert.deepEqual(entries(path), ['.lock']);
});

// Would catch a stack trace where the output is no folder.
test('what cannot be a folder is said', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  await assert.rejects(lockFolder(path, quiet), FolderUnusableError);
  await assert.rejects(lockFolder(join(path, 'below'), quiet), FolderUnusableError);
  // Node tells it as it tells a disk that is read only: as a folder that is not there.
  symlinkSync('nowhere', join(folder, 'link'));
  await assert.rejects(lockFolder(join(folder, 'link', 'below'), quiet), FolderUnusableError);
});
