/** One program at a time over what a checkout has built: a file with the pid of whoever is at it. */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from './paths.mjs';

/** Who waits for whom: a program's name, and the file that says that it runs. */
const setup = { program: 'setup.mjs', file: inRoot('build/setup/lock') };
export const imagesLock = { program: 'images.mjs', file: inRoot('build/images/lock') };
const pollMs = 100;

/** Waits for the lock; @returns what gives it back. */
export async function lockSetup(say, { file, program } = setup) {
  mkdirSync(dirname(file), { recursive: true });
  let announced = null;
  for (;;) {
    if (take(file)) break;
    const holder = holderOf(file);
    if (holder !== null && !isRunning(program, holder)) {
      takeOver(file, holder);
      continue;
    }
    if (holder !== null && holder !== announced) {
      say(`waits for the ${program} of process ${holder}`);
      announced = holder;
    }
    await sleep(pollMs);
  }
  const unlock = () => {
    if (holderOf(file) === process.pid) unlinkSync(file);
  };
  process.once('exit', unlock);
  return unlock;
}

/** A link appears with its content: nobody ever reads a lock without a pid. */
function take(file) {
  // Not by the pid: two containers with one checkout may both have it.
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    unlinkSync(own);
  }
}

/** Removes the lock of `dead`. */
function takeOver(file, dead) {
  const aside = `${file}.${randomUUID()}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return;
  }
  // Someone else may have taken over between our look and our rename: it gets its lock back.
  if (holderOf(aside) !== dead) linkSync(aside, file);
  unlinkSync(aside);
}

/** Null where nobody holds it. */
function holderOf(path) {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function isRunning(program, pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
  }
  try {
    // After a restart of the machine, the pid may be another program's.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program);
  } catch (error) {
    // Not Linux, or not ours to read: alive is all that can be known. It may also have just ended.
    return process.platform !== 'linux' || error.code !== 'ENOENT';
  }
}
