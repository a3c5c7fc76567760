/**
 * How a training goes on: longer, from another run's weights, in a folder that was moved. The tests go
 * on from each other's runs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-train-on-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** Everything lies in it, so that it can be moved. */
let home = join(root, 'home');

interface Ended {
  readonly code: number | null;
  readonly err: string;
  /** The last line of standard output. */
  readonly last: Record<string, unknown>;
}

function lockstep(workingDirectory: string, ...words: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words, '--json'], {
    cwd: workingDirectory,
    encoding: 'utf8',
  });
  const last = stdout.trim().split('\n').at(-1) as string;
  return { code: status, err: stderr, last: last === '' ? {} : JSON.parse(last) };
}

/** Runs the job, which names its dataset relative to its file, from a folder of no matter. */
const train = (output: string, ...words: string[]): Ended =>
  lockstep(root, 'train', join(home, 'jobs', 'job.yaml'), '--output', join(home, output), ...words);

const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(join(home, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Every file and folder, with the time at which it or its entries changed. */
const changesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => `${name} ${statSync(join(folder, String(name))).mtimeMs}`)
    .concat(`. ${statSync(folder).mtimeMs}`)
    .sort();

const resultOf = (output: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(home, output, 'result.json'), 'utf8'));

const job = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: { name: train-on }
spec:
  data: { path: ../data, sequences: { maxLength: 4 } }
  model:
    item: { hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 8 }
    user: { hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 8 }
    initializerRange: 0.5
  objective: { negatives: { all: true } }
  optimizer: { schedule: { kind: constant } }
  batch: { sequences: 4 }
  duration: { steps: 2 }
  lanes: 2
  workers: { replicas: 1 }
  engine: { name: cpu }
`;

before(() => {
  mkdirSync(join(home, 'jobs'), { recursive: true });
  writeFileSync(join(home, 'jobs', 'job.yaml'), job);
  const items = Array.from({ length: 12 }, (_, item) => `i${item},word${item} more`);
  const rows = Array.from({ length: 12 * 6 }, (_, at) => {
    const user = Math.floor(at / 6);
    return `i${(user + 5 * (at % 6)) % 12},u${user},${at}`;
  });
  writeFileSync(join(home, 'items.csv'), `item_id,title\n${items.join('\n')}\n`);
  writeFileSync(join(home, 'inter.csv'), `item_id,user_id,timestamp\n${rows.join('\n')}\n`);
  const files = ['--interactions', 'inter.csv', '--items', 'items.csv', '--output', 'data'];
  const imported = lockstep(home, 'data', 'import', '--format', 'hllm', ...files);
  assert.equal(imported.code, 0, imported.err);
});

// Would catch a longer training whose steps differ from those of one that was long from the start.
test('a constant schedule may grow: the weights are those of an undivided training', () => {
  const short = train('run');
  assert.equal(short.code, exitCodes.success, short.err);
  const grown = train('run', '--resume', '--set', 'duration.steps=4');
  assert.equal(grown.code, exitCodes.success, grown.err);
  const undivided = train('undivided', '--set', 'duration.steps=4');
  assert.equal(grown.last.committed_steps, 4);
  assert.equal(grown.last.weights_sha256, undivided.last.weights_sha256);
  const history = linesOf('run/history.jsonl');
  const stepsOf = (wanted: string): unknown[] =>
    history.flatMap(({ kind, committed_steps }) => (kind === wanted ? [committed_steps] : []));
  assert.deepEqual(stepsOf('committed'), [1, 2, 3, 4]);
  assert.deepEqual(stepsOf('started'), [0, 2]);
  // What lies beside the checkpoints is what the history has heard.
  const recent = linesOf('run/checkpoints/recent-steps.jsonl').at(-1);
  const heard = history.find((line) => line.kind === 'committed' && line.committed_steps === 4);
  assert.deepEqual([recent?.committed_steps, recent?.loss], [4, heard?.loss]);
});

// Would catch a start from the seed, moments that come along, and a resume that begins elsewhere.
test('--init-from starts with the weights of a run, as a training of its own', () => {
  // So small a rate changes no bit of a weight: what comes out is what went in.
  const still = ['--set', 'optimizer.learningRate=1e-30', '--set', 'duration.steps=1'];
  const started = train('started', '--init-from', join(home, 'run'), ...still);
  assert.equal(started.code, exitCodes.success, started.err);
  assert.equal(started.last.committed_steps, 1);
  assert.equal(started.last.weights_sha256, resultOf('run').weights_sha256);
  const without = train('started', '--resume', ...still);
  assert.equal(without.code, exitCodes.usage);
  assert.match(without.err, /spec\.init\.weightsSha256 was "[0-9a-f]{64}" and is absent/);
});

// Would catch a run that can be evaluated in one place only, or only by who may write there.
test('a run can be evaluated from anywhere, and after it was moved together with its dataset', () => {
  const { metrics } = resultOf('run');
  const file = JSON.parse(readFileSync(join(home, 'run', 'job.json'), 'utf8'));
  assert.equal(file.spec.data.path, join(home, 'data'));
  renameSync(home, join(root, 'moved'));
  home = join(root, 'moved');
  const before = changesBelow(join(home, 'run'));
  const evaluated = lockstep(tmpdir(), 'eval', join(home, 'run'));
  assert.equal(evaluated.code, exitCodes.success, evaluated.err);
  assert.deepEqual(evaluated.last.metrics, metrics);
  assert.deepEqual(changesBelow(join(home, 'run')), before);
});
