/**
 * The schema of a training job, in the shape of a Kubernetes object. It is the only place that
 * says what a job may contain: the command line, error messages and docs/job-spec.md come from it.
 */
import { z } from 'zod';
import { lanesMax } from '../limits.js';
import { defaultLearningRate } from './defaults.js';
import { about, exactly, integer, text } from './fields.js';
import { batch, duration } from './sections/amounts.js';
import { data } from './sections/data.js';
import { engine } from './sections/engine.js';
import { checkpoint, evaluation } from './sections/evaluation.js';
import { guard } from './sections/guard.js';
import { history } from './sections/history.js';
import { kubernetes, lifeOnCluster } from './sections/kubernetes.js';
import { annotations, labels } from './sections/kubernetes-names.js';
import { model } from './sections/model.js';
import { generativeWeight, objective } from './sections/objective.js';
import { optimizer } from './sections/optimizer.js';
import { stages } from './sections/stages.js';
import { workers } from './sections/workers.js';

const init = z.strictObject({
  from: text(
    /^[^\0]+$/,
    4096,
    'a path of 1 to 4096 characters',
    'Folder of a run, or one checkpoint, whose weights training starts from, with new moments and at ' +
      'step 0; set by `--init-from`.',
  ),
  weightsSha256: text(
    /^[0-9a-f]{64}$/,
    64,
    '64 hexadecimal digits',
    'Digest of those weights; found where it is left out: the newest checkpoint of the run.',
  ).optional(),
});

const givenSpec = z.strictObject({
  seed: integer('[0, 4294967295]', 'Everything random in the job derives from it.').default(1),
  data: about(data, 'What is trained on.'),
  model: about(model.prefault({}), 'Both towers of HLLM: the Item LLM and the User LLM.'),
  init: about(init.optional(), 'Weights that training starts from.'),
  objective: about(objective.prefault({}), 'What a step is trained for: docs/objectives.md.'),
  optimizer: about(optimizer.prefault({}), 'How a gradient becomes an update.'),
  batch: about(batch.prefault({}), 'How much is trained in a step.'),
  duration: about(duration.prefault({}), 'How much is trained altogether.'),
  lanes: integer(
    `[1, ${lanesMax}]`,
    'Fixed slices of every step. They decide the order of sums, so the result depends on them ' +
      'and not on the workers; more workers than lanes leave some idle.',
  ).default(4),
  workers: about(workers.prefault({}), 'How many train: docs/elastic.md.'),
  engine: about(engine.prefault({}), 'What computes, and how exactly.'),
  checkpoint: about(checkpoint.prefault({}), 'When the state is kept: docs/checkpoints.md.'),
  evaluation: about(evaluation.prefault({}), 'How good the weights are: docs/evaluation.md.'),
  guard: about(guard.prefault({}), 'What becomes of a training that collapses: docs/guard.md.'),
  history: about(
    history.optional(),
    'Programs that are told of the run while it lasts: docs/history.md.',
  ),
  stages,
  ...lifeOnCluster,
  kubernetes: kubernetes.optional().meta({
    description:
      'How the job runs on a cluster: docs/kubernetes.md. Other commands do not look at it.',
  }),
});

const spec = givenSpec.transform((given) => {
  const withRate = <Optimizer extends { learningRate?: number | undefined }>(of: Optimizer) => ({
    ...of,
    learningRate: of.learningRate ?? defaultLearningRate(given.model.item.hiddenSize),
  });
  const { stages: own, ...rest } = given;
  return {
    ...rest,
    optimizer: withRate(given.optimizer),
    ...(own && {
      stages: own.map(({ optimizer: of, ...stage }) => ({
        ...stage,
        ...(of && { optimizer: withRate(of) }),
      })),
    }),
  };
});

export const trainingJobSchema = z.strictObject({
  apiVersion: exactly('lockstep.dev/v1alpha1', 'Version of this schema.'),
  kind: exactly('TrainingJob', 'Kind of the object.'),
  metadata: z.strictObject({
    name: text(
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
      63,
      'a name of 1 to 63 lower-case letters, digits and "-", with none of "-" at its ends',
      'Names the job within the cluster; on Kubernetes at most 44 characters, the first one a letter.',
    ),
    namespace: text(
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
      63,
      'a name of 1 to 63 lower-case letters, digits and "-", with none of "-" at its ends',
      'Namespace of the job on Kubernetes; other commands do not look at it.',
    ).optional(),
    labels: labels(
      'Of the object on Kubernetes. `kueue.x-k8s.io/queue-name` makes its workers wait in a queue of Kueue.',
    ).optional(),
    annotations: annotations(65_536, 'Of the object on Kubernetes.').optional(),
  }),
  spec,
});

/** A job with every default filled in. */
export type TrainingJob = z.output<typeof trainingJobSchema>;

/** Fields that exclude each other. */
export interface ExclusiveFields {
  readonly paths: readonly string[];
  /** Whether one of them must be given. */
  readonly isNeeded: (job: TrainingJob) => boolean;
}

export const exclusiveFields: readonly ExclusiveFields[] = [
  { paths: ['spec.data.dataset', 'spec.data.path'], isNeeded: () => true },
  {
    paths: [
      'spec.objective.negatives.perUser',
      'spec.objective.negatives.total',
      'spec.objective.negatives.all',
    ],
    isNeeded: ({ spec }) => generativeWeight(spec.objective) > 0,
  },
  { paths: ['spec.duration.epochs', 'spec.duration.steps'], isNeeded: () => false },
  {
    paths: ['claim', 'volume', 's3'].map((name) => `spec.kubernetes.checkpoints.${name}`),
    isNeeded: ({ spec }) => spec.kubernetes?.checkpoints !== undefined,
  },
];
