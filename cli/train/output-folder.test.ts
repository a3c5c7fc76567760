import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runId } from '../../shared/ids.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { UsageError } from '../usage-error.js';
import {
  checkpointsOf,
  decideResume,
  decideRun,
  jobFileOf,
  readJob,
  writeOutput,
} from './output-folder.js';
import { readRunRecord, recordFileOf } from './run-record.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-output-'));
after(() => rmSync(folder, { recursive: true }));

const job = (spec: object = {}): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'test' },
    spec: { data: { path: 'd' }, model: { item: {}, user: {} }, ...spec },
  });

const [first, second] = [runId('t1111111111111111'), runId('t2222222222222222')];

/** As the command does it. */
function prepare(
  output: string,
  wanted: TrainingJob,
  { resume = false, datasetDigest = 'data', newId = first } = {},
) {
  const record = decideRun(output, {
    job: wanted,
    resume,
    datasetDigest,
    datasetPath: '../d',
    newId,
  });
  writeOutput(output, wanted, record);
  return record;
}

function withCheckpoint(name: string, earlier: TrainingJob): string {
  const output = join(folder, name);
  prepare(output, earlier);
  mkdirSync(join(checkpointsOf(output), 'step-00000010'), { recursive: true });
  return output;
}

const contentsOf = (output: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(output, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, readFileSync(join(output, name), 'utf8')]),
  );

// Would catch a run that cannot be continued because its job is not where it should be.
test('a new folder gets the resolved job and the run, which read back the same', () => {
  const output = join(folder, 'new');
  const record = prepare(output, job());
  assert.deepEqual(readJob(jobFileOf(output)), job());
  assert.deepEqual(readRunRecord(output), record);
});

// Would catch a typing error in --output that mixes two runs' checkpoints.
test('a folder with checkpoints is only continued on request', () => {
  const output = withCheckpoint('used', job());
  assert.throws(() => prepare(output, job()), UsageError);
  prepare(output, job(), { resume: true });
});

// Would catch a resumed run that its own leftovers on a server do not belong to, and a new run that
// takes an earlier one's identity.
test('a resumed run keeps its id, a run that begins in the folder gets a new one', () => {
  const output = withCheckpoint('identity', job());
  assert.equal(prepare(output, job(), { resume: true, newId: second }).id, first);
  rmSync(checkpointsOf(output), { recursive: true });
  assert.equal(prepare(output, job(), { resume: true, newId: second }).id, second);
});

// Would catch weights that continue under another learning rate, or a resume that is refused because
// of something that does not decide the weights.
test('a resumed job may change what does not decide the weights, and nothing else', () => {
  const output = withCheckpoint('other', job());
  prepare(output, job({ workers: { replicas: 3 } }), { resume: true });
  assert.throws(
    () => prepare(output, job({ optimizer: { learningRate: 0.5 } }), { resume: true }),
    (error: unknown) =>
      error instanceof UsageError &&
      /spec\.optimizer\.learningRate was 0\.003 and is 0\.5/.test(error.message),
  );
  assert.throws(
    () => prepare(output, job(), { resume: true, datasetDigest: 'other' }),
    (error: unknown) =>
      error instanceof UsageError && /belong to the dataset data/.test(error.message),
  );
});

// Would catch a refused command after which the folder says that its checkpoints belong to another
// job: the next, right --resume would be refused.
test('a refused run changes nothing in the folder, and creates none', () => {
  const output = withCheckpoint('refused', job());
  const before = contentsOf(output);
  for (const wish of [
    { wanted: job({ optimizer: { learningRate: 0.5 } }), resume: true },
    { wanted: job({ workers: { replicas: 3 } }), resume: true, datasetDigest: 'other' },
    { wanted: job({ workers: { replicas: 3 } }), resume: false },
  ]) {
    assert.throws(() => prepare(output, wish.wanted, { ...wish }), UsageError);
  }
  assert.deepEqual(contentsOf(output), before);
  assert.deepEqual(Object.keys(before).sort(), ['job.json', 'run.json']);
});

// Would catch a damaged record that is taken for "no run yet" and overwritten.
test('a record that cannot be read is said, not replaced', () => {
  const output = withCheckpoint('damaged', job());
  writeFileSync(recordFileOf(output), '{"id":"mine"}');
  assert.throws(
    () => prepare(output, job(), { resume: true }),
    (error: unknown) =>
      error instanceof UsageError && /run\.json: it must have/.test(error.message),
  );
});

// Would catch a resume that trains from the seed where nothing is, and looks like a success.
test('resuming needs a checkpoint, unless it is wished where there is one', () => {
  const nowhere = join(folder, 'nowhere');
  assert.throws(() => decideResume(nowhere, 'required'), /holds no checkpoint: .*--resume-if-any/);
  assert.equal(decideResume(nowhere, 'if-any'), false);
  const output = withCheckpoint('somewhere', job());
  assert.equal(decideResume(output, 'required'), true);
  assert.equal(decideResume(output, 'if-any'), true);
  assert.equal(decideResume(output, 'never'), false);
});
