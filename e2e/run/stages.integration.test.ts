/**
 * A job with stages in real processes: in the middle of one a worker is killed and started again, and
 * the run is stopped and goes on with others.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, startCommand } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-staged-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const jobFile = join(folder, 'job.json');

/** The second stage is long enough to be disturbed in its middle, whatever else the machine does. */
const [short, long] = [5, 200];

before(async () => {
  const dataset = join(folder, 'data');
  await smallDataset(dataset);
  const job = smallJob(dataset, {
    lanes: 2,
    workers: { replicas: 2 },
    duration: {},
    checkpoint: { everySteps: 10, keep: 2 },
    stages: [
      { name: 'short', duration: { steps: short } },
      { name: 'long', duration: { steps: long }, train: { item: { kind: 'nothing' } } },
    ],
  });
  writeFileSync(jobFile, JSON.stringify(job));
});

const train = (output: string, ...words: string[]): Command =>
  startCommand(program, ['train', jobFile, '--output', join(folder, output), '--json', ...words]);

// Would catch a stage that a new process begins anew, and embeddings of frozen items that differ from
// those that the killed processes had.
test('a killed worker and a stop in the middle of the second stage cost no bit of the result', async () => {
  const undivided = await train('undivided', '--workers', '1').end;
  assert.equal(undivided.code, exitCodes.success, undivided.errors);
  const killed = train('killed', '--workers', '2');
  await killed.committed(short + 25);
  process.kill(killed.pids.get('worker-1') as number, 'SIGKILL');
  await killed.committed(short + 30);
  killed.process.kill('SIGINT');
  const { code, errors } = await killed.end;
  assert.equal(code, exitCodes.stopped, errors);
  const resumed = await train('killed', '--workers', '2', '--resume').end;
  assert.equal(resumed.code, exitCodes.success, resumed.errors);
  const [started] = resumed.lines.filter(({ kind }) => kind === 'started');
  const from = Number(started?.committed_steps);
  assert.ok(from >= short && from < short + long, `it went on at step ${from}`);
  assert.equal(resumed.last.weights_sha256, undivided.last.weights_sha256);
  const result = JSON.parse(readFileSync(join(folder, 'killed', 'result.json'), 'utf8'));
  assert.deepEqual([result.stage, result.committed_steps], ['long', short + long]);
  const stages = undivided.lines.flatMap((line) => (line.kind === 'committed' ? [line.stage] : []));
  assert.deepEqual(stages, [
    ...new Array<string>(short).fill('short'),
    ...new Array<string>(long).fill('long'),
  ]);
});
