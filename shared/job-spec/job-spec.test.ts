import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { JobSpecError } from '../errors.js';
import { projectRoot } from '../project-root.js';
import { canonicalJson, jobDigest } from './job-digest.js';
import { parseJob, resolveJob } from './job-spec.js';

const smallest = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: {name: tiny}
spec: {data: {dataset: movielens-100k}}
`;

/** The lines below the first of the message that the job is refused with. */
function refusal(text: string, ...overrides: string[]): string[] {
  try {
    parseJob(text, overrides);
  } catch (error) {
    assert.ok(error instanceof JobSpecError, String(error));
    assert.equal(error.code, 'JOB_SPEC_INVALID');
    const [head, ...lines] = error.message.split('\n');
    assert.equal(head, 'Cannot use the job:');
    return lines.map((line) => line.trim());
  }
  assert.fail('the job was accepted');
}

// Catches: a default that depends on another field and is computed from the wrong one.
test('a job that names only its data is complete', () => {
  const { spec } = parseJob(smallest, ['model.item.heads=8', 'model.item.hiddenSize=64']);
  assert.equal(spec.model.item.keyValueHeads, 8);
  assert.equal(spec.model.user.keyValueHeads, 4);
  assert.equal(spec.model.item.intermediateSize, 256);
  assert.deepEqual(spec.objective.negatives, { total: 512 });
  // Epochs and warm-up follow from the dataset, which is not known yet.
  assert.deepEqual(spec.duration, {});
  assert.equal(spec.optimizer.schedule.warmupSteps, undefined);
  assert.equal(spec.optimizer.learningRate, 0.003);
  assert.deepEqual(spec.evaluation.cutoffs, [5, 10, 50, 200]);
});

// Catches: a resolved job that is refused, or changes, where it is checked again after travelling.
test('resolving a resolved job changes nothing', () => {
  const job = parseJob(
    smallest,
    ['negatives.all=true'].map((set) => `objective.${set}`),
  );
  assert.deepEqual(resolveJob(JSON.parse(JSON.stringify(job))), job);
});

// Catches: a message that leaves out the path, the rule or the value.
test('a problem names path, rule and value', () => {
  assert.deepEqual(refusal(smallest, 'spec.optimizer.learningRate=fast'), [
    'spec.optimizer.learningRate: must be a number in (0, 1]: current value is "fast"',
  ]);
  assert.deepEqual(refusal(smallest, 'optimizer.betas=[0.9, 1]'), [
    'spec.optimizer.betas: must be two numbers in [0, 1): current value is [0.9,1]',
  ]);
  assert.deepEqual(refusal(smallest, 'optimizer.eps=.inf'), [
    'spec.optimizer.eps: must be a number in (0, 1]: current value is Infinity',
  ]);
  assert.deepEqual(refusal('kind: TrainingJob'), [
    'apiVersion: must be lockstep.dev/v1alpha1: it is missing',
    'metadata: must be a mapping: it is missing',
    'spec: must be a mapping: it is missing',
  ]);
});

// Catches: stopping at the first problem, so that a job needs one run for each of its mistakes.
test('every problem is listed at once', () => {
  const lines = refusal(smallest, 'batch.sequences=0', 'lanes=2.5', 'evaluation.cutoffs=[5, 5]');
  assert.deepEqual(lines, [
    'spec.batch.sequences: must be an integer in [1, 65536]: current value is 0',
    'spec.lanes: must be an integer in [1, 256]: current value is 2.5',
    'spec.evaluation.cutoffs: must be 1 to 16 ascending integers in [1, 10000]: ' +
      'current value is [5,5]',
  ]);
});

// Catches: a misspelt field that is ignored, so that its default trains instead.
test('an unknown field is refused with the nearest known one', () => {
  assert.deepEqual(refusal(smallest, 'optimizer.learningrate=0.1'), [
    'spec.optimizer.learningrate: is not a field: did you mean "learningRate"?',
  ]);
  assert.match(
    refusal(smallest, 'batch.xyz=1')[0] ?? '',
    /is not a field: known here are sequences/,
  );
});

// Catches: a broken file of which nobody learns where it is broken.
test('broken YAML is refused with line and column', () => {
  assert.match(refusal('a: 1\nb: [1,\nc: }\n')[0] ?? '', /^line [34], column \d+: /);
  assert.match(refusal('a: 1\na: 2\n')[0] ?? '', /^line 2, column 1: Map keys must be unique/);
  assert.deepEqual(refusal(''), ['must be a mapping: current value is null']);
});

// Catches: a small file whose aliases unfold to gigabytes.
test('aliases that multiply are refused', () => {
  let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
  for (let i = 1; i < 9; i++) {
    const before = Array.from({ length: 9 }, () => `*a${i - 1}`).join(', ');
    text += `a${i}: &a${i} [${before}]\n`;
  }
  assert.match(refusal(text)[0] ?? '', /alias/);
});

// Catches: rules between fields that are checked for one model, one engine or one group only.
test('rules between fields are kept', () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['data.path=null'], /^spec.data.path: must be a path/],
    [['data={}'], /^spec.data: must have exactly one of dataset, path: none is given/],
    [['data={dataset: a, path: b}'], /exactly one of dataset, path: 2 are given/],
    [['objective.negatives={total: 4, all: true}'], /^spec.objective.negatives: must have exactly/],
    [
      ['duration={epochs: 1, steps: 2}'],
      /^spec.duration: must have at most one of epochs, steps: 2/,
    ],
    [['model.user.hiddenSize=32'], /^spec.model.user.hiddenSize: must be the item model's, 64/],
    [['model.user.heads=3'], /^spec.model.user.hiddenSize: must be a multiple of twice the heads/],
    [['model.item.heads=64'], /^spec.model.item.hiddenSize: must be a multiple of twice the heads/],
    [['model.item.keyValueHeads=3'], /^spec.model.item.keyValueHeads: must be a divisor of heads/],
    [['model.item.headSize=5'], /^spec.model.item.headSize: must be even: current value is 5/],
    [
      ['model.user.ropeScaling={kind: llama3, factor: 8}'],
      /ropeScaling.lowFrequencyFactor: must be given for llama3: it is missing/,
    ],
    [
      ['model.user.ropeScaling={kind: linear, factor: 8, originalContext: 9}'],
      /ropeScaling.originalContext: must be left out for linear: current value is 9/,
    ],
    [
      [
        'model.item.ropeScaling={kind: llama3, factor: 8, originalContext: 8192, ' +
          'lowFrequencyFactor: 4, highFrequencyFactor: 4}',
      ],
      /highFrequencyFactor: must be larger than lowFrequencyFactor, 4: current value is 4/,
    ],
    [
      ['model.item.train={kind: last, layers: 3}'],
      /^spec.model.item.train.layers: must be at most the 2 layers of the model: current value is 3/,
    ],
    [
      ['model.user.train={rank: 4}'],
      /^spec.model.user.train.rank: must be left out, because kind is all: it is a field of lora/,
    ],
    [
      ['model.item.train={kind: lora, targets: [q, q]}'],
      /^spec.model.item.train.targets: must be a list of some of q, k, v, o, gate, up, down, each once/,
    ],
    [
      ['optimizer.multipliers=[{match: logit_scale, factor: 0}]'],
      /^spec.optimizer.multipliers: must be a list of .* and a number in \(0, 1000\]: current value/,
    ],
    [
      ['optimizer.multipliers=[{match: logit_scale, factor: 2, by: name}]'],
      /^spec.optimizer.multipliers: must be a list of/,
    ],
    [
      ['duration.steps=5', 'optimizer.schedule.warmupSteps=6'],
      /warmupSteps: must be at most the 5/,
    ],
    [['engine={name: cpu, threads: 2}'], /^spec.engine.threads: must be 1 for the engine cpu/],
    [
      ['engine={name: wasm, precision: bf16}'],
      /^spec.engine.precision: must be f32 for the engine wasm/,
    ],
  ];
  for (const [overrides, expected] of cases) {
    const lines = refusal(smallest, ...overrides);
    assert.ok(
      lines.some((line) => expected.test(line)),
      `${overrides.join(' ')}: ${lines.join('; ')}`,
    );
  }
});

// Catches: `--set duration.steps=5` being refused because the file says epochs.
test('an override replaces the field that it excludes', () => {
  const job = parseJob(smallest, [
    'duration.epochs=3',
    'spec.duration.steps=5',
    'data.path=data/mine',
    'metadata.name=other',
  ]);
  assert.deepEqual(job.spec.duration, { steps: 5 });
  assert.equal(job.spec.data.path, 'data/mine');
  assert.equal(job.spec.data.dataset, undefined);
  assert.equal(job.metadata.name, 'other');
});

// Catches: an override that is dropped silently, or reaches the prototype of all objects.
test('an override that cannot be applied is refused', () => {
  assert.match(refusal(smallest, 'lanes')[0] ?? '', /^--set lanes: must be path=value/);
  assert.match(refusal(smallest, '__proto__.x=1')[0] ?? '', /must be path=value/);
  assert.match(refusal(smallest, 'seed=1', 'seed.x=1')[0] ?? '', /a field above it is not a map/);
  assert.match(refusal(smallest, 'lanes=[1')[0] ?? '', /its value is not YAML/);
  assert.match(refusal(smallest, 'constructor.prototype.polluted=1')[0] ?? '', /is not a field/);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

// Catches: a cluster's size in the identity (no resume elsewhere), or a number that matters outside it.
test('the digest is that of what decides the weights', () => {
  const digest = jobDigest(parseJob(smallest));
  const same = ['workers.replicas=3', 'checkpoint.keep=9', 'evaluation.cutoffs=[1]', 'data.path=x'];
  for (const override of [...same, 'metadata.name=b']) {
    assert.equal(jobDigest(parseJob(smallest, [override])), digest, override);
  }
  const other = ['lanes=2', 'engine.threads=2', 'seed=2', 'data.sequences.maxLength=9'];
  for (const override of [...other, 'duration.epochs=2', 'optimizer.eps=0.1']) {
    assert.notEqual(jobDigest(parseJob(smallest, [override])), digest, override);
  }
  const reordered = smallest.replace('spec: {', 'spec: {lanes: 4, seed: 1, ');
  assert.equal(jobDigest(parseJob(reordered)), digest);
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined, A: 0 }),
    '{"A":0,"b":[1,{"c":"x","d":null}]}',
  );
});

// Catches: an example that no longer fits the schema, or is not the job that the README describes.
test('the examples are valid jobs on MovieLens', () => {
  for (const name of ['movielens-quick', 'movielens']) {
    const job = parseJob(readFileSync(new URL(`examples/${name}.yaml`, projectRoot), 'utf8'));
    assert.equal(job.metadata.name, name);
    assert.equal(job.spec.data.dataset, 'movielens-100k');
    assert.equal(job.spec.engine.name, 'torch');
  }
});

// Catches: a threshold that is accepted and used by nobody.
test('a threshold of cosines is for false negatives by cosine', () => {
  const threshold = (...sets: string[]): number | undefined =>
    parseJob(smallest, sets).spec.objective.falseNegativeThreshold;
  assert.equal(threshold(), undefined);
  assert.equal(threshold('objective.falseNegatives=cosine'), 0.99);
  assert.equal(
    threshold('objective.falseNegatives=cosine', 'objective.falseNegativeThreshold=0.5'),
    0.5,
  );
  assert.deepEqual(refusal(smallest, 'objective.falseNegativeThreshold=0.5'), [
    'spec.objective.falseNegativeThreshold: must be left out, because falseNegatives is text: ' +
      'only cosine has a threshold: current value is 0.5',
  ]);
});

// Catches: a checkpoint that is continued with another loss.
test('false negatives are part of the identity', () => {
  const digest = (kind: string): string =>
    jobDigest(parseJob(smallest, [`objective.falseNegatives=${kind}`]));
  assert.equal(digest('text'), jobDigest(parseJob(smallest)));
  assert.equal(new Set(['text', 'cosine', 'none'].map(digest)).size, 3);
});

// Catches: a new field that gives every old job another digest, so that none of them can be resumed.
test('what a decoder has beyond Llama is part of the identity only where it is given', () => {
  const digest = (set: string): string => jobDigest(parseJob(smallest, [`model.item.${set}`]));
  const plain = jobDigest(parseJob(smallest));
  assert.equal(digest('headSize=16'), plain);
  const variants = ['headSize=32', 'attentionBias=qkv', 'attentionBias=qkvo', 'queryKeyNorm=true'];
  const scaling = 'ropeScaling={kind: linear, factor: 2}';
  const digests = [...variants, scaling].map(digest);
  assert.equal(new Set([plain, ...digests]).size, 6);
  const { item } = parseJob(smallest).spec.model;
  assert.deepEqual(Object.keys(item).sort(), [
    ...['heads', 'hiddenSize', 'intermediateSize', 'keyValueHeads', 'layers', 'normEps'],
    'ropeTheta',
  ]);
});

// Catches: a field that says what holds anyway and makes another job, and one that moves other weights.
test('what trains is part of the identity where it is not everything', () => {
  const digest = (...sets: string[]): string => jobDigest(parseJob(smallest, sets));
  const plain = digest();
  assert.equal(digest('model.item.train={}', 'model.user.train.kind=all'), plain);
  const lora = 'model.item.train.kind=lora';
  const others = [
    [lora],
    [lora, 'model.item.train.rank=4'],
    [lora, 'model.item.train.targets=[k]'],
    ['model.item.train={kind: last, layers: 1}'],
    ['model.item.train.kind=nothing'],
    ['model.user.train.kind=nothing'],
    ['optimizer.multipliers=[{match: logit_scale, factor: 2}]'],
  ];
  const digests = others.map((sets) => digest(...sets));
  assert.equal(new Set([plain, ...digests]).size, others.length + 1);
  const job = parseJob(smallest, [lora]);
  const { train } = job.spec.model.item;
  assert.deepEqual(train, { kind: 'lora', rank: 8, alpha: 16, targets: ['q', 'v'] });
  assert.deepEqual(resolveJob(JSON.parse(JSON.stringify(job))), job);
});

// Catches: a run that cannot be continued without its guard, and one that goes on from another rollback.
test('a guard is part of the identity only where it changes the weights', () => {
  const digest = (...sets: string[]): string => jobDigest(parseJob(smallest, sets));
  for (const action of ['off', 'warn', 'stop']) {
    assert.equal(digest(`guard.action=${action}`), digest());
  }
  const goesOn = ['guard.action=continue', 'guard.change.learningRateFactor=0.5'];
  assert.notEqual(digest(...goesOn), digest());
  assert.notEqual(digest(...goesOn, 'checkpoint.everySteps=9'), digest(...goesOn));
  assert.equal(digest(...goesOn, 'checkpoint.keep=9'), digest(...goesOn));
});

// Catches: a guard that was told to change something and has nothing to change.
test('a guard that continues has something to change, and no other has', () => {
  const path = 'spec.guard.change';
  assert.deepEqual(refusal(smallest, 'guard.change.learningRateFactor=0.5'), [
    `${path}: must be left out, because guard.action is stop: only continue changes anything: ` +
      'current value is {"learningRateFactor":0.5,"times":2}',
  ]);
  assert.deepEqual(refusal(smallest, 'guard.action=continue'), [
    `${path}: must be given with falseNegatives or learningRateFactor, because guard.action is ` +
      'continue: it is missing',
  ]);
  assert.deepEqual(refusal(smallest, 'guard.action=continue', 'guard.change.falseNegatives=text'), [
    `${path}.falseNegatives: must be another than objective.falseNegatives, or left out: current ` +
      'value is "text"',
  ]);
});

// Catches: a patience that waits for nothing, a best checkpoint that is never chosen, and a metric
// that no evaluation has.
test('the best checkpoint and patience need evaluations of their metric', () => {
  assert.deepEqual(refusal(smallest, 'checkpoint.best=ndcg@10'), [
    'spec.checkpoint.best: must be left out unless evaluation.everySteps says when to evaluate: ' +
      'current value is "ndcg@10"',
  ]);
  assert.deepEqual(refusal(smallest, 'evaluation.everySteps=5', 'evaluation.patience=2'), [
    'spec.evaluation.patience: must be left out unless checkpoint.best names the metric that ' +
      'should improve: current value is 2',
  ]);
  const every = 'evaluation.everySteps=5';
  assert.deepEqual(refusal(smallest, every, 'checkpoint.best=recall@7'), [
    'spec.checkpoint.best: must be mrr, or a metric at one of evaluation.cutoffs (5, 10, 50, 200): ' +
      'current value is "recall@7"',
  ]);
  assert.deepEqual(refusal(smallest, every, 'checkpoint.best=loss'), [
    'spec.checkpoint.best: must be `mrr`, or `recall@K` or `ndcg@K` of a cutoff K, or `auc`, ' +
      '`gauc` or `logloss`: ' +
      'current value is "loss"',
  ]);
  for (const metric of ['mrr', 'ndcg@50', 'recall@5']) {
    const job = parseJob(smallest, [every, `checkpoint.best=${metric}`, 'evaluation.patience=1']);
    assert.equal(job.spec.checkpoint.best, metric);
    // None of it decides a weight.
    assert.equal(jobDigest(job), jobDigest(parseJob(smallest)));
  }
});

// Would catch a job whose workers can never be as many as it wants.
test('min, replicas, max and lanes are in this order', () => {
  const refused = (...words: string[]): string =>
    refusal(smallest, 'lanes=4', ...words.map((word) => `workers.${word}`))[0] ?? '';
  assert.equal(parseJob(smallest, ['workers.min=2', 'workers.max=4']).spec.workers.min, 2);
  assert.match(refused('min=3', 'replicas=2'), /workers\.min.*at most the 2 replicas/);
  assert.match(refused('max=2', 'replicas=3'), /workers\.max.*at least the 3 replicas/);
  assert.match(refused('max=5'), /workers\.max.*at most the 4 lanes/);
});
