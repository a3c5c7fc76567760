/** Runs whose checkpoints are not in their folder, asked by the commands that read a run's folder. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { noS3Server, startS3Server } from '../../storage/s3/s3-server-fixture.js';
import { startCommand } from '../run/command.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { Pods } from './pods.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-elsewhere-'));
const dataset = join(folder, 'dataset');
const job = longJob({ dataset, steps: 12, workers: 1 });

before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

const ask = (command: string, output: string) =>
  startCommand(program, [command, output, '--json']).end;

/** The run's folder, once it has ended. */
async function trained(pods: Pods, name: string, checkpoints: string): Promise<string> {
  const leader = pods.coordinator(name, ['--checkpoints', checkpoints]);
  const worker = pods.worker(`${name}-worker`);
  assert.equal(await leader.exited, 0, leader.text);
  assert.equal(await worker.exited, 0, worker.text);
  return leader.folder;
}

async function isReadFrom(output: string, checkpoints: string): Promise<void> {
  const audit = await ask('audit', output);
  assert.equal(audit.code, 0, audit.errors);
  const checkpoint = audit.last.checkpoint as { path: string };
  assert.equal(checkpoint.path, `${checkpoints}/step-00000012`);
  assert.ok(Number(audit.last.compared_bytes) > 0);
  assert.equal(audit.last.weights_not_compared, null);
  const evaluated = await ask('eval', output);
  assert.equal(evaluated.code, 0, evaluated.errors);
  assert.equal(
    evaluated.last.weights_sha256,
    (audit.last.checkpoint as { weights_sha256: string }).weights_sha256,
  );
}

// Would catch an audit that compares no weights, and an evaluation that finds no checkpoint.
test('those of another folder are read there; those of workers are said to be with them', async () => {
  const pods = await Pods.open(job);
  try {
    const kept = join(pods.folder, 'kept');
    await isReadFrom(await trained(pods, 'shared', kept), kept);
    const output = await trained(pods, 'apart', 'workers');
    const audit = await ask('audit', output);
    assert.equal(audit.code, 0, audit.errors);
    assert.equal(audit.last.checkpoint, null);
    const newest = /with its workers .*of 12 steps, is .*apart-worker.*step-00000012/;
    assert.match(String(audit.last.weights_not_compared), newest);
    const evaluated = await ask('eval', output);
    assert.equal(evaluated.code, 2);
    assert.match(evaluated.errors + JSON.stringify(evaluated.last), newest);
  } finally {
    await pods.close();
  }
});

// Would catch a path of a bucket that is looked for on this machine.
test('those of a bucket are read there', { skip: noS3Server }, async () => {
  const { environment, makeBucket } = await startS3Server({ after });
  Object.assign(process.env, environment);
  await makeBucket('lockstep-elsewhere');
  const pods = await Pods.open(job);
  try {
    const bucket = 's3://lockstep-elsewhere/films';
    await isReadFrom(await trained(pods, 'bucket', bucket), bucket);
  } finally {
    await pods.close();
  }
});
