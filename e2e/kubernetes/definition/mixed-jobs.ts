/** Jobs of several fields that may or may not go together, from a seed. */
import { Random } from '../../../shared/random.js';
import { brokenJobs } from './broken-jobs.js';

/** Fields that are fine with some others. */
const neighbours = [
  ...[
    'evaluation.everySteps=5',
    'checkpoint.best=auc',
    'checkpoint.best=recall@10',
    'checkpoint.best=gauc',
  ],
  ...['objective={kind: late-fusion}', 'objective={kind: late-fusion, generativeWeight: 0}'],
  'objective={kind: early-fusion, targets: {kind: sampled, negatives: 2}}',
  ...[
    'objective={falseNegatives: cosine, falseNegativeThreshold: 0.9}',
    'objective={negatives: {}}',
  ],
  ...['guard={action: continue, change: {falseNegatives: none}}', 'evaluation.cutoffs=[7, 10]'],
  ...[
    'guard={action: continue, change: {learningRateFactor: 0.5}}',
    'objective.falseNegatives=none',
  ],
  ...['lanes=8', 'lanes=1', 'workers={}', 'workers={replicas: 8, max: 8}', 'workers={min: 2}'],
  ...['model.item.pretrained={path: /m}', 'model.user.pretrained={path: /m, layers: 2}'],
  ...[
    'model={}',
    'model={item: {hiddenSize: 128}, user: {hiddenSize: 128, heads: 8, headSize: 16}}',
  ],
  ...['model.item.train={kind: last, layers: 2}', 'model.item.train={kind: lora, targets: [q, v]}'],
  ...['model.item.train={kind: nothing}', 'model.user.train={kind: nothing}'],
  ...[
    'duration={steps: 100}',
    'duration={}',
    'duration={}',
    'optimizer={}',
    'optimizer.schedule={}',
  ],
  'stages=[{name: a}, {name: b, objective: {kind: late-fusion}}]',
  'stages=[{name: a, train: {item: {kind: nothing}}, duration: {steps: 15}}]',
  'stages=[{name: a, optimizer: {schedule: {warmupSteps: 9}}, duration: {steps: 9}}]',
  'stages=[{name: a, train: {user: {kind: all}, item: {kind: nothing}}, batch: {sequences: 5}}]',
  'stages=[{name: a, objective: {negatives: {total: 5}, falseNegatives: none}, data: {sequences: {}}}]',
  ...['engine={name: cpu}', 'engine={precision: tf32}', 'suspend=true', 'init={from: /runs/a}'],
  'kubernetes={worker: {tolerations: [{operator: Exists}, {key: a, value: b, effect: NoExecute}]}}',
  'kubernetes={worker: {gpus: 2, gpuResource: amd.com/gpu, resources: {limits: {nvidia.com/gpu: 1}}}}',
];

/** Lists of overrides; every one of them of at most four. */
export function mixedJobs(count: number, seed: number): readonly (readonly string[])[] {
  const random = Random.for(seed, 'mixed jobs');
  const pool = [
    ...neighbours,
    ...neighbours,
    ...neighbours,
    ...neighbours,
    ...brokenJobs.flatMap(({ set }) => set),
  ];
  const pick = (): string => pool[random.below(pool.length)] as string;
  return Array.from({ length: count }, () => Array.from({ length: 1 + random.below(4) }, pick));
}
