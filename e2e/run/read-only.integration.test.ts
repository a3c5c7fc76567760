/** Evaluating what one may only read: with the real command, as another user where that is possible. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-readonly-'));
const run = join(folder, 'run');
const dataset = join(folder, 'dataset');
const home = join(folder, 'home');
const skip = { skip: process.platform === 'win32' };

/** Root may write anywhere: the tests then go on as nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

function lockstep(words: readonly string[], who: object = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words, '--json'], {
    encoding: 'utf8',
    env: { ...process.env, HOME: home, TMPDIR: join(folder, 'tmp') },
    ...who,
  });
  return { code: status, out: stdout, err: stderr };
}

before(async () => {
  await smallDataset(dataset);
  mkdirSync(join(folder, 'tmp'));
  chmodSync(join(folder, 'tmp'), 0o777);
  const job = smallJob(dataset);
  writeFileSync(join(folder, 'job.json'), JSON.stringify(job));
  const trained = lockstep(['train', join(folder, 'job.json'), '--output', run]);
  assert.equal(trained.code, exitCodes.success, trained.err);
});
after(() => {
  setMode(0o755);
  rmSync(folder, { recursive: true, force: true });
});

/** Of the folders that a run or a dataset is. */
function setMode(mode: number): void {
  for (const path of [folder, run, join(run, 'checkpoints'), join(run, 'logs'), dataset]) {
    chmodSync(path, mode);
  }
}

const everything = (): string[] => (readdirSync(run, { recursive: true }) as string[]).sort();

// Would catch an evaluation that wants a folder of its own, or a log, in the run that it reads.
test(
  'a run that one may only read is evaluated, and nothing is left in it or beside it',
  skip,
  () => {
    const before = everything();
    setMode(0o555);
    try {
      const { code, out, err } = lockstep(['eval', run], nobody);
      assert.equal(code, exitCodes.success, err + out);
      assert.match(out.trim().split('\n').at(-1) ?? '', /"recall@10"/);
    } finally {
      setMode(0o755);
    }
    assert.deepEqual(everything(), before);
    assert.deepEqual(
      readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('lockstep')),
      [],
    );
  },
);

// Would catch "no such dataset" where there is one, which sends people to look in the wrong place.
test('what may not be read is said to be unreadable, not absent', skip, () => {
  chmodSync(dataset, 0o000);
  try {
    const { code, err } = lockstep(['eval', run], nobody);
    assert.equal(code, exitCodes.usage, err);
    assert.match(err, /Cannot read the dataset .*EACCES.*a folder that this user may read/);
  } finally {
    chmodSync(dataset, 0o755);
  }
  chmodSync(run, 0o000);
  try {
    const { code, err } = lockstep(['eval', run], nobody);
    assert.equal(code, exitCodes.usage, err);
    assert.match(err, /Cannot evaluate: EACCES.*this user must be able to read it/);
  } finally {
    chmodSync(run, 0o755);
  }
});

// Would catch a stack trace, or a run that starts and fails at its first checkpoint.
test('training into a folder that one may only read is refused', skip, () => {
  setMode(0o555);
  try {
    const { code, err } = lockstep(
      ['train', join(folder, 'job.json'), '--output', run, '--resume'],
      nobody,
    );
    assert.equal(code, exitCodes.usage, err);
    assert.match(err, /Cannot write into ".*": EACCES/);
  } finally {
    setMode(0o755);
  }
});
