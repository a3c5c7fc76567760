/**
 * Jobs that nobody can run, and what the API server says of each: the field and the rule. The job is
 * `examples/movielens-quick.yaml` with some fields set, as `--set` does it.
 */

export interface BrokenJob {
  readonly set: readonly string[];
  /** All of them stand in the message. */
  readonly says: readonly string[];
}

const job = (set: string | readonly string[], ...says: readonly string[]): BrokenJob => ({
  set: typeof set === 'string' ? [set] : set,
  says,
});

const aName = 'must be a name of 1 to 44 lower-case letters';
const tooMany = 'must be at most spec.lanes, because every worker owns at least one';

const stages = (...texts: readonly string[]): string => `stages=[${texts.join(', ')}]`;
const stagesOnly = ['duration={}'];

export const brokenJobs: readonly BrokenJob[] = [
  // Of the object.
  job('metadata.name=films.of.the.year', 'metadata.name', aName),
  job('metadata.name=7films', 'metadata.name', 'begins with a letter'),
  job(`metadata.name=${'n'.repeat(45)}`, 'metadata.name', aName),
  job('apiVersion=lockstep.dev/v1', 'no matches for kind "TrainingJob"', 'lockstep.dev/v1'),
  // Unknown fields.
  job('learningRate=0.1', 'unknown field "spec.learningRate"'),
  job('optimizer.learnRate=0.1', 'unknown field "spec.optimizer.learnRate"'),
  job('kubernetes={worker: {gpu: 1}}', 'unknown field "spec.kubernetes.worker.gpu"'),
  job(
    'kubernetes={worker: {tolerations: [{keys: a, operator: Exists}]}}',
    'unknown field "spec.kubernetes.worker.tolerations[0].keys"',
  ),
  // Of the wrong type.
  job('lanes=four', 'spec.lanes', 'must be of type integer: "string"'),
  job('lanes=4.5', 'spec.lanes', 'must be of type integer: "number"'),
  job('optimizer.learningRate="0.1"', 'spec.optimizer.learningRate', 'must be of type number'),
  job('data=movielens-100k', 'spec.data', 'must be of type object: "string"'),
  job('suspend="yes"', 'spec.suspend', 'must be of type boolean: "string"'),
  job('optimizer.betas=0.9', 'spec.optimizer.betas', 'must be of type array'),
  // Out of bounds.
  job('lanes=0', 'spec.lanes', 'should be greater than or equal to 1'),
  job('lanes=257', 'spec.lanes', 'should be less than or equal to 256'),
  job('seed=-1', 'spec.seed', 'should be greater than or equal to 0'),
  job('seed=4294967296', 'spec.seed', 'should be less than or equal to 4294967295'),
  job('optimizer.learningRate=0', 'spec.optimizer.learningRate', 'should be greater than 0'),
  job('optimizer.learningRate=1.5', 'spec.optimizer.learningRate', 'less than or equal to 1'),
  job('optimizer.betas=[0.9]', 'spec.optimizer.betas', 'should have at least 2 items'),
  job('optimizer.betas=[0.9, 1]', 'spec.optimizer.betas[1]', 'should be less than 1'),
  job('engine.name=jax', 'spec.engine.name', 'Unsupported value: "jax"', '"torch", "cpu"'),
  job('objective.kind=fusion', 'spec.objective.kind', 'supported values: "generative"'),
  job(
    'objective.negatives={all: false}',
    'spec.objective.negatives.all',
    'supported values: "true"',
  ),
  job('evaluation.cutoffs=[]', 'spec.evaluation.cutoffs', 'should have at least 1 items'),
  job(
    'evaluation.cutoffs=[10, 5]',
    'spec.evaluation.cutoffs',
    'must be 1 to 16 ascending integers',
  ),
  job('evaluation.cutoffs=[5, 5]', 'spec.evaluation.cutoffs', 'must be 1 to 16 ascending integers'),
  job('checkpoint.best=hits@10', 'spec.checkpoint.best', 'must be `mrr`, or `recall@K`'),
  job('data.dataset=MovieLens', 'spec.data.dataset', 'must be a name of lower-case letters'),
  job('init={from: /a, weightsSha256: abc}', 'spec.init.weightsSha256', '64 hexadecimal digits'),
  job(
    'optimizer.multipliers=[{match: "a b", factor: 2}]',
    'spec.optimizer.multipliers[0].match',
    'must be a parameter name',
  ),
  // Exactly one of several, and what needs or forbids another.
  job('data={}', 'spec.data', 'must have exactly one of dataset, path'),
  job('data={dataset: a, path: /a}', 'spec.data', 'must have exactly one of dataset, path'),
  job('data={path: data/films}', 'spec.data.path', 'must be an absolute path on a cluster'),
  job('init={from: runs/films}', 'spec.init.from', 'must be an absolute path on a cluster'),
  job('duration={epochs: 1, steps: 9}', 'spec.duration', 'must have at most one of epochs, steps'),
  job(
    'objective.negatives={total: 9, perUser: 1}',
    'spec.objective.negatives',
    'must have exactly one of perUser, total, all',
  ),
  job(
    ['objective.falseNegatives=text', 'objective.falseNegativeThreshold=0.9'],
    'spec.objective.falseNegativeThreshold',
    'only cosine has a threshold',
  ),
  job(
    'objective.generativeWeight=0.5',
    'spec.objective.generativeWeight',
    'must be left out: it is only a field of the kind early-fusion or late-fusion',
  ),
  job(
    ['objective={kind: late-fusion, targets: {kind: data, negatives: 2}}'],
    'spec.objective.targets.negatives',
    'it is only a field of the kind sampled',
  ),
  job(
    ['objective={kind: late-fusion, generativeWeight: 0, negatives: {total: 5}}'],
    'spec.objective.negatives',
    'because generativeWeight is 0',
  ),
  job('duration={steps: 10}', 'spec.optimizer.schedule.warmupSteps', 'at most duration.steps'),
  job(
    'checkpoint.best=mrr',
    'spec.checkpoint.best',
    'must be left out unless evaluation.everySteps says when to evaluate',
  ),
  job(
    ['checkpoint.best=recall@7', 'evaluation.everySteps=5'],
    'spec.checkpoint.best',
    'a metric at one of evaluation.cutoffs',
  ),
  job(
    ['checkpoint.best=auc', 'evaluation.everySteps=5'],
    'spec.checkpoint.best',
    'because the objective generative has no targets',
  ),
  job(
    'evaluation.patience=3',
    'spec.evaluation.patience',
    'unless checkpoint.best names the metric',
  ),
  job('guard.action=continue', 'spec.guard.change', 'because guard.action is continue'),
  job(
    ['guard.action=continue', 'guard.change={falseNegatives: text}'],
    'spec.guard.change.falseNegatives',
    'must be another than objective.falseNegatives',
  ),
  job(
    'guard.change={learningRateFactor: 0.5}',
    'spec.guard.change',
    'unless guard.action is continue',
  ),
  job(
    ['engine.name=cpu', 'engine.threads=2'],
    'spec.engine.threads',
    'must be 1 for the engine cpu',
  ),
  job(
    ['engine.name=wasm', 'engine.precision=bf16'],
    'spec.engine.precision',
    'unless the engine is',
  ),
  // Of the model.
  job('model.item.heads=5', 'spec.model.item.hiddenSize', 'must be a multiple of twice the heads'),
  job('model.user.headSize=15', 'spec.model.user.headSize', 'must be even'),
  job('model.item.keyValueHeads=3', 'spec.model.item.keyValueHeads', 'must be a divisor of heads'),
  job('model.user.hiddenSize=128', 'spec.model.user.hiddenSize', 'must be that of model.item'),
  job(
    'model.item.train={kind: last, layers: 3}',
    'spec.model.item.train.layers',
    'must be at most the layers of the model',
  ),
  job(
    'model.item.train={kind: last}',
    'spec.model.item.train.layers',
    'must be given for the kind last',
  ),
  job(
    'model.item.train={kind: nothing, rank: 8}',
    'spec.model.item.train.rank',
    'it is only a field of the kind lora',
  ),
  job(
    'model.item.train={kind: lora, targets: [q, q]}',
    'spec.model.item.train.targets',
    'each once',
  ),
  job(
    'model.item.ropeScaling={kind: llama3, factor: 8}',
    'spec.model.item.ropeScaling.originalContext',
    'must be given for the kind llama3',
  ),
  job('model.item.pretrained={path: weights}', 'spec.model.item.pretrained.path', 'absolute path'),
  // Workers.
  job('workers={replicas: 2, min: 3}', 'spec.workers.min', 'must be at most workers.replicas'),
  job('workers={replicas: 3, max: 2}', 'spec.workers.max', 'must be at least workers.replicas'),
  job('workers={replicas: 5}', 'spec.workers.replicas', tooMany),
  job('workers={replicas: 2, max: 9}', 'spec.workers.max', tooMany),
  // Stages.
  job('stages=[]', 'spec.stages', 'should have at least 1 items'),
  job(stages('{name: a}'), 'spec.duration', 'must be left out: each stage has its own'),
  job(
    [...stagesOnly, stages('{name: a}', '{name: a}')],
    'spec.stages',
    'must have another name in each stage',
  ),
  job([...stagesOnly, stages('{duration: {steps: 9}}')], 'spec.stages[0].name', 'Required value'),
  job(
    [
      ...stagesOnly,
      stages(
        '{name: a, objective: {kind: early-fusion}}',
        '{name: b, objective: {kind: late-fusion}}',
      ),
    ],
    'spec.stages',
    'one kind of fusion',
  ),
  job(
    [...stagesOnly, stages('{name: a, train: {item: {kind: nothing}, user: {kind: nothing}}}')],
    'spec.stages',
    'must train something in each stage',
  ),
  job(
    [...stagesOnly, stages('{name: a, train: {user: {kind: last, layers: 4}}}')],
    'spec.stages',
    'at most the layers of model.user in train.user.layers',
  ),
  job(
    [...stagesOnly, stages('{name: a, duration: {steps: 9}}')],
    'spec.stages',
    'at most duration.steps in optimizer.schedule.warmupSteps',
  ),
  // Of the cluster.
  job('activeDeadlineSeconds=0', 'spec.activeDeadlineSeconds', 'greater than or equal to 1'),
  job('ttlSecondsAfterFinished=-1', 'spec.ttlSecondsAfterFinished', 'greater than or equal to 0'),
  job('maxRestarts=many', 'spec.maxRestarts', 'must be of type integer'),
  job(
    'kubernetes={checkpoints: {}}',
    'spec.kubernetes.checkpoints',
    'must have exactly one of claim, volume, s3',
  ),
  job(
    'kubernetes={checkpoints: {claim: {name: c}, s3: {url: "s3://bucket/a", secretName: s}}}',
    'spec.kubernetes.checkpoints',
    'must have exactly one of claim, volume, s3',
  ),
  job(
    'kubernetes={checkpoints: {s3: {url: "gs://bucket/a", secretName: s}}}',
    'spec.kubernetes.checkpoints.s3.url',
    'must be s3://BUCKET/PREFIX',
  ),
  job(
    'kubernetes={checkpoints: {volume: {size: much}}}',
    'spec.kubernetes.checkpoints.volume.size',
    'must be a quantity such as 500m, 2 or 1.5Gi',
  ),
  job(
    'kubernetes={worker: {resources: {requests: {memory: 2 GB}}}}',
    'spec.kubernetes.worker.resources.requests',
    'must be a quantity such as 500m, 2 or 1.5Gi',
  ),
  job(
    'kubernetes={worker: {nodeSelector: {gpu: "an A100"}}}',
    'spec.kubernetes.worker.nodeSelector',
    'must be at most 63 letters, digits,',
  ),
  job('kubernetes={data: {mountPath: /data}}', 'spec.kubernetes.data.claimName', 'Required value'),
  job(
    'kubernetes={data: {claimName: c, mountPath: data}}',
    'spec.kubernetes.data.mountPath',
    'must be an absolute path',
  ),
  job(
    'kubernetes={coordinator: {standbys: 3}}',
    'spec.kubernetes.coordinator.standbys',
    'equal to 2',
  ),
  job(
    'kubernetes={worker: {gpus: -1}}',
    'spec.kubernetes.worker.gpus',
    'greater than or equal to 0',
  ),
  job(
    'kubernetes={worker: {gpus: 1, resources: {limits: {nvidia.com/gpu: 2}}}}',
    'spec.kubernetes.worker.resources.limits',
    'worker.gpus says how many there are',
  ),
  job(
    'kubernetes={worker: {tolerations: [{key: a, operator: Exists, value: b}]}}',
    'spec.kubernetes.worker.tolerations[0].value',
    'because operator is Exists',
  ),
  job('kubernetes={worker: {spread: zones}}', 'spec.kubernetes.worker.spread', '"hosts", "none"'),
  job(
    'kubernetes={images: {worker: "my image"}}',
    'spec.kubernetes.images.worker',
    'must be a name of an image',
  ),
  job(
    'kubernetes={podLabels: {lockstep.dev/job: other}}',
    'spec.kubernetes.podLabels',
    'say whose a pod is',
  ),
  job(
    'kubernetes={podLabels: {"a b": other}}',
    'spec.kubernetes.podLabels',
    'must be a mapping of at most 64 label names to label values',
  ),
  job(
    'kubernetes={nats: {url: "nats://me:secret@host", secretName: s}}',
    'spec.kubernetes.nats.url',
    'without a password',
  ),
];

const immutable =
  'must not change: of a job only suspend, workers, activeDeadlineSeconds, ttlSecondsAfterFinished';

/** Changes of a job that is there. */
export const brokenChanges: readonly BrokenJob[] = [
  job('seed=2', 'spec.seed', immutable),
  job('lanes=8', 'spec.lanes', immutable),
  job('data.sequences.maxLength=51', 'spec.data', immutable),
  job('model.item.headSize=16', 'spec.model', immutable),
  job('duration={epochs: 7}', 'spec.duration', immutable),
  job('init={from: /runs/a}', 'spec.init', immutable),
  job('kubernetes={worker: {gpus: 1}}', 'spec.kubernetes', immutable),
  job('workers={replicas: 5}', 'spec.workers.replicas', tooMany),
  job('workers={replicas: 1, min: 2}', 'spec.workers.min', 'must be at most workers.replicas'),
];

/** Changes of a job that is there, and may be. */
export const allowedChanges: readonly (readonly string[])[] = [
  ['suspend=true'],
  ['workers={replicas: 4, min: 2, max: 4, shares: speed}'],
  ['activeDeadlineSeconds=600', 'ttlSecondsAfterFinished=60', 'maxRestarts=3'],
  ['metadata.labels={team: films}', 'metadata.annotations={note: x}'],
];
