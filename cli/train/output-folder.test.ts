import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { UsageError } from '../usage-error.js';
import { checkpointsOf, prepareOutput, readJob } from './output-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-output-'));
after(() => rmSync(folder, { recursive: true }));

const job = (spec: object = {}): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'test' },
    spec: { data: { path: 'd' }, model: { item: {}, user: {} }, ...spec },
  });

function withCheckpoint(name: string, earlier: TrainingJob): string {
  const output = join(folder, name);
  prepareOutput(output, earlier, false);
  mkdirSync(join(checkpointsOf(output), 'step-00000010'), { recursive: true });
  return output;
}

// Would catch a run that cannot be continued because its job is not where it should be.
test('a new folder gets the resolved job, which reads back the same', () => {
  const file = prepareOutput(join(folder, 'new'), job(), false);
  assert.ok(existsSync(file));
  assert.deepEqual(readJob(file), job());
});

// Would catch a typing error in --output that mixes two runs' checkpoints.
test('a folder with checkpoints is only continued on request', () => {
  const output = withCheckpoint('used', job());
  assert.throws(() => prepareOutput(output, job(), false), UsageError);
  prepareOutput(output, job(), true);
});

// Would catch weights that continue under another learning rate, or a resume that is refused because
// of something that does not decide the weights.
test('a resumed job may change what does not decide the weights, and nothing else', () => {
  const output = withCheckpoint('other', job());
  prepareOutput(output, job({ workers: { replicas: 3 } }), true);
  assert.throws(
    () => prepareOutput(output, job({ optimizer: { learningRate: 0.5 } }), true),
    (error: unknown) =>
      error instanceof UsageError && /spec\.optimizer .*"learningRate":0\.5/.test(error.message),
  );
});
