import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolveJob, type TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { UsageError } from '../../usage-error.js';
import { chooseWeights } from './choose-weights.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-weights-'));
after(() => rmSync(folder, { recursive: true }));

const digest = (letter: string): string => letter.repeat(64);

const from = (path: string, weightsSha256?: string): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'test' },
    spec: { data: { path: 'd' }, init: { from: path, weightsSha256 } },
  });

function checkpoint(run: string, steps: number, weightsSha256: string): string {
  const path = join(folder, run, 'checkpoints', `step-${String(steps).padStart(8, '0')}`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'manifest.json'), JSON.stringify({ weightsSha256 }));
  return path;
}

const chosen = (job: TrainingJob, earlier: TrainingJob | null = null): string | undefined =>
  chooseWeights(job, earlier).spec.init?.weightsSha256;

// Would catch the oldest checkpoint, or one that is half written, taken for the newest.
test('the newest complete checkpoint of a run, or the one that is named, decides', () => {
  const older = checkpoint('run', 90, digest('a'));
  checkpoint('run', 1000, digest('b'));
  mkdirSync(join(folder, 'run', 'checkpoints', 'step-00002000'));
  assert.equal(chosen(from(join(folder, 'run'))), digest('b'));
  assert.equal(chosen(from(older)), digest('a'));
  assert.equal(chosen(from('/nowhere', digest('c'))), digest('c'));
});

// Would catch a resume that is refused because the other run has trained on meanwhile.
test('a run that is resumed keeps the weights that it began with', () => {
  const run = join(folder, 'moving');
  checkpoint('moving', 10, digest('a'));
  const earlier = chooseWeights(from(run), null);
  checkpoint('moving', 20, digest('b'));
  assert.equal(chosen(from(run), earlier), digest('a'));
  assert.equal(chosen(from(run), from(folder, digest('c'))), digest('b'));
});

// Would catch training from the seed where weights were asked for.
test('a folder without a checkpoint is refused', () => {
  assert.throws(() => chooseWeights(from(folder), null), UsageError);
});
