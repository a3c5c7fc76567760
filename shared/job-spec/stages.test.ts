import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobSpecError } from '../errors.js';
import { identityChanges } from './identity-changes.js';
import { jobDigest } from './job-digest.js';
import { resolveJob } from './job-spec.js';
import { readsLabels } from './rules/reads-labels.js';
import { stageJobs } from './stage-jobs.js';

const job = (spec: Record<string, unknown>) =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'staged' },
    spec: { data: { dataset: 'movielens-100k' }, ...spec },
  });

const short = { name: 'short', duration: { steps: 10 } };
const long = {
  name: 'long',
  duration: { steps: 20 },
  data: { sequences: { maxLength: 100 } },
  optimizer: { learningRate: 0.01 },
};

const refused = (spec: Record<string, unknown>): string => {
  try {
    job(spec);
  } catch (error) {
    assert.ok(error instanceof JobSpecError);
    return error.message;
  }
  return 'nothing is refused';
};

// Would catch a stage that keeps a field of the job's section which it replaced, and one that draws
// what the stage before has drawn.
test('a stage is the job with its own sections and another seed', () => {
  const staged = job({ seed: 7, batch: { sequences: 8 }, stages: [short, long] });
  const [first, second] = stageJobs(staged).map(({ spec }) => spec);
  assert.deepEqual(first, {
    ...job({ seed: 7, batch: { sequences: 8 }, duration: { steps: 10 } }).spec,
  });
  assert.equal(second?.seed === 7, false);
  const { name: _, ...own } = long;
  const alone = job({
    batch: { sequences: 8 },
    ...own,
    data: { dataset: 'movielens-100k', ...own.data },
  });
  assert.deepEqual(second, { ...alone.spec, seed: second?.seed });
});

// Would catch a stage that still trains what it has frozen, and one that keeps another stage's adapters.
test('what trains is that of the stage', () => {
  const lora = { kind: 'lora', rank: 2, alpha: 4, targets: ['q'] };
  const staged = job({
    model: { item: { train: lora } },
    stages: [
      short,
      { ...short, name: 'frozen', train: { item: { kind: 'nothing' } } },
      { ...short, name: 'all', train: { item: {}, user: { kind: 'last', layers: 1 } } },
    ],
  });
  const trained = stageJobs(staged).map(({ spec: { model } }) => [
    model.item.train,
    model.user.train,
  ]);
  assert.deepEqual(trained, [
    [lora, undefined],
    [{ kind: 'nothing' }, undefined],
    [undefined, { kind: 'last', layers: 1 }],
  ]);
  assert.deepEqual(resolveJob(staged), staged);
});

// Would catch a dataset without labels that is found out in the second stage.
test('a job reads labels where any of its stages does', () => {
  const fusion = { ...short, name: 'fusion', objective: { kind: 'late-fusion' } };
  assert.deepEqual([job({ stages: [short] }), job({ stages: [short, fusion] })].map(readsLabels), [
    false,
    true,
  ]);
});

test('a job without stages is its only stage', () => {
  const plain = job({});
  assert.deepEqual(stageJobs(plain), [plain]);
});

// Would catch a checkpoint of one schedule that goes on under another, and a border that moves.
test('stages belong to the identity of a job, all but how far the last one goes', () => {
  const constant = { optimizer: { schedule: { kind: 'constant' } } };
  const of = (...stages: Record<string, unknown>[]) => job({ ...constant, stages });
  const steps = (count: number) => ({ duration: { steps: count } });
  const base = of(short, { name: 'last', ...steps(5) });
  assert.notEqual(jobDigest(base), jobDigest(job({ ...constant, duration: { steps: 15 } })));
  assert.equal(jobDigest(of(short, { name: 'last', ...steps(6) })), jobDigest(base));
  const moved = of({ ...short, ...steps(11) }, { name: 'last', ...steps(5) });
  assert.deepEqual(
    identityChanges(base, moved).map(({ path }) => path),
    ['spec.stages.0.duration.steps'],
  );
  const faster = of(short, { name: 'last', ...steps(5), optimizer: { learningRate: 0.5 } });
  assert.ok(identityChanges(base, faster).every(({ path }) => path.startsWith('spec.stages.1.')));
});

test('a resolved job with stages stays the same', () => {
  const staged = job({ stages: [short, long] });
  assert.deepEqual(resolveJob(staged), staged);
});

// Would catch a job whose stages cannot be told apart, or whose length is said twice.
test('what cannot be is refused with its place', () => {
  assert.match(refused({ stages: [short, short] }), /spec\.stages\.1\.name.*another name than/);
  assert.match(refused({ stages: [] }), /spec\.stages: must be a list of 1 to 16 stages/);
  assert.match(refused({ duration: { steps: 3 }, stages: [short] }), /spec\.duration.*left out/);
  assert.match(
    refused({ stages: [{ ...short, optimizer: { learningRate: 2 } }] }),
    /spec\.stages\.0\.optimizer\.learningRate: must be a number in \(0, 1\]/,
  );
  assert.match(
    refused({ stages: [{ ...short, data: { path: 'x' } }] }),
    /spec\.stages\.0\.data\.path: is not a field: known here are sequences/,
  );
  const slow = { optimizer: { schedule: { warmupSteps: 11 } } };
  assert.match(
    refused({ stages: [short, { ...short, ...slow, name: 'slow' }] }),
    /spec\.stages\.1\.optimizer\.schedule\.warmupSteps: must be at most the 10 steps/,
  );
  assert.match(
    refused({ ...slow, stages: [short, { ...short, name: 'slow' }] }),
    /spec\.optimizer\.schedule\.warmupSteps: must be at most the 10 steps[^;]*is 11$/,
  );
  const frozen = { item: { kind: 'nothing' }, user: { kind: 'nothing' } };
  assert.match(
    refused({ stages: [short, { ...short, name: 'frozen', train: frozen }] }),
    /spec\.stages\.1\.train: must train something/,
  );
  assert.match(
    refused({ stages: [{ ...short, train: { item: { kind: 'last', layers: 9 } } }] }),
    /spec\.model\.item\.train\.layers: must be at most the 2 layers/,
  );
  const fusion = (kind: string) => ({ duration: { steps: 1 }, objective: { kind } });
  assert.match(
    refused({
      stages: [
        { name: 'early', ...fusion('early-fusion') },
        { name: 'late', ...fusion('late-fusion') },
      ],
    }),
    /spec\.stages\.1\.objective\.kind: must be generative or early-fusion/,
  );
});
