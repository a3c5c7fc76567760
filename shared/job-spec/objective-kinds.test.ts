import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobSpecError } from '../errors.js';
import { jobDigest } from './job-digest.js';
import { parseJob, resolveJob, type TrainingJob } from './job-spec.js';
import { generativeWeight } from './sections/objective.js';

const smallest = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: {name: tiny}
spec: {data: {dataset: movielens-100k}}
`;

const objectiveOf = (...sets: string[]): TrainingJob['spec']['objective'] =>
  parseJob(
    smallest,
    sets.map((set) => `objective.${set}`),
  ).spec.objective;

function refusal(...sets: string[]): string[] {
  try {
    objectiveOf(...sets);
  } catch (error) {
    assert.ok(error instanceof JobSpecError, String(error));
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  assert.fail('the job was accepted');
}

// Would catch checkpoints of earlier jobs that no longer continue: their digest covers the objective.
test('a job of the generative objective is what it was before there were others', () => {
  assert.deepEqual(objectiveOf(), {
    kind: 'generative',
    negatives: { total: 512 },
    falseNegatives: 'text',
    temperature: { initial: 0.07 },
    normalisation: 'global',
  });
  assert.equal(
    jobDigest(parseJob(smallest)),
    '819ce94ae3262bd267474574ab4d2f280e7f25678ba0aaec2c828302f1c23f95',
  );
  assert.equal(generativeWeight(objectiveOf()), 1);
});

// Would catch a kind that can be set in a file only, and a default that belongs to another kind.
test('the kind is set like any other field, and its own fields have defaults', () => {
  const late = objectiveOf('kind=late-fusion');
  assert.deepEqual(late, {
    kind: 'late-fusion',
    generativeWeight: 1,
    targets: { kind: 'data', perUser: 20 },
    negatives: { total: 512 },
    falseNegatives: 'text',
    temperature: { initial: 0.07 },
    normalisation: 'global',
  });
  const sampled = objectiveOf('kind=early-fusion', 'targets.kind=sampled', 'targets.perUser=3');
  assert.equal(sampled.kind, 'early-fusion');
  assert.deepEqual(sampled.targets, { kind: 'sampled', perUser: 3, negatives: 4 });
  const cosine = objectiveOf('kind=late-fusion', 'falseNegatives=cosine');
  assert.equal(cosine.falseNegativeThreshold, 0.99);
});

// Would catch negatives that are drawn and encoded for a loss that nobody computes.
test('without a generative part there are no negatives', () => {
  const classification = ['kind=late-fusion', 'generativeWeight=0'];
  assert.deepEqual(objectiveOf(...classification).negatives, {});
  const [problem] = refusal(...classification, 'negatives.total=8');
  assert.match(
    problem ?? '',
    /^spec.objective.negatives: must be left out, .*generativeWeight is 0/,
  );
  assert.match(refusal('kind=late-fusion', 'negatives={}')[0] ?? '', /exactly one of .*: none is/);
});

// Would catch a checked job that is refused, or changes, where it is checked again after travelling.
test('resolving a resolved job of any kind changes nothing', () => {
  for (const sets of [
    ['kind=early-fusion', 'generativeWeight=0'],
    ['kind=late-fusion', 'targets.kind=sampled'],
    ['kind=late-fusion', 'falseNegatives=cosine', 'negatives.all=true'],
  ]) {
    const job = parseJob(
      smallest,
      sets.map((set) => `objective.${set}`),
    );
    assert.deepEqual(resolveJob(JSON.parse(JSON.stringify(job))), job);
  }
});

// Would catch "is not a field" for what the reference page lists, and a value that is ignored because
// another kind is set.
test('a field of another kind is refused with the kinds that have it', () => {
  assert.deepEqual(refusal('generativeWeight=0.5'), [
    'spec.objective.generativeWeight: must be left out, because kind is generative: it is a field of ' +
      'early-fusion, late-fusion: current value is 0.5',
  ]);
  assert.deepEqual(refusal('kind=late-fusion', 'targets.negatives=9'), [
    'spec.objective.targets.negatives: must be left out, because kind is data: it is a field of ' +
      'sampled: current value is 9',
  ]);
  assert.deepEqual(refusal('kind=latefusion'), [
    'spec.objective.kind: must be one of generative, early-fusion, late-fusion: ' +
      'current value is "latefusion"',
  ]);
  assert.deepEqual(refusal('kind=late-fusion', 'targets.kind=clicks'), [
    'spec.objective.targets.kind: must be one of data, sampled: current value is "clicks"',
  ]);
  assert.match(refusal('kind=late-fusion', 'targets.peruser=1')[0] ?? '', /did you mean "perUser"/);
});

// Would catch a run that ends at its first evaluation, because the metric that should choose among
// checkpoints is one that its objective never has.
test('a checkpoint can be the best by what its objective is measured by', () => {
  const best = (metric: string, ...objective: string[]): string => {
    const sets = objective.map((set) => `objective.${set}`);
    const evaluated = [`checkpoint.best=${metric}`, 'evaluation.everySteps=5'];
    try {
      return parseJob(smallest, [...sets, ...evaluated]).spec.checkpoint.best ?? '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const sampled = ['kind=late-fusion', 'targets.kind=sampled'];
  for (const metric of ['auc', 'gauc', 'logloss', 'mrr', 'ndcg@10']) {
    assert.equal(best(metric, ...sampled), metric);
  }
  assert.equal(best('auc', 'kind=early-fusion'), 'auc');
  assert.match(best('auc'), /best: must be mrr, .* the objective generative has no targets/);
  assert.match(best('gauc', 'kind=early-fusion'), /must be auc or logloss, because with labels/);
  assert.match(best('mrr', ...sampled, 'generativeWeight=0'), /must be auc, gauc or logloss/);
});
