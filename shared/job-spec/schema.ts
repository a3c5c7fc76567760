/**
 * The schema of a training job, in the shape of a Kubernetes object. It is the only place that
 * says what a job may contain: the command line, error messages and docs/job-spec.md come from it.
 */
import { z } from 'zod';
import { membersMax } from '../limits.js';
import { defaultEpochs, defaultLearningRate, defaultTextLength, fewestSteps } from './defaults.js';
import {
  ascending,
  choice,
  derivedInteger,
  derivedReal,
  exactly,
  integer,
  pairOf,
  real,
  text,
} from './fields.js';

/** One Llama decoder. */
const decoder = z
  .strictObject({
    hiddenSize: integer('[2, 16384]', 'Width of the residual stream.').default(64),
    layers: integer('[1, 256]', 'Decoder layers.').default(2),
    heads: integer('[1, 256]', 'Attention heads; they share the hidden size evenly.').default(4),
    keyValueHeads: derivedInteger(
      '[1, 256]',
      '`heads`',
      'Key and value heads, a divisor of `heads`; fewer of them is grouped-query attention.',
    ),
    intermediateSize: derivedInteger(
      '[1, 65536]',
      '4 x `hiddenSize`',
      'Width of the gated feed-forward layer.',
    ),
    normEps: real('(0, 0.1]', 'Added to the mean square in RMSNorm.').default(1e-5),
    ropeTheta: real('[1, 1000000000]', 'Base of the rotary position frequencies.').default(10_000),
  })
  .transform((given) => ({
    ...given,
    keyValueHeads: given.keyValueHeads ?? given.heads,
    intermediateSize: given.intermediateSize ?? 4 * given.hiddenSize,
  }));

const data = z.strictObject({
  dataset: text(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'a name of lower-case letters, digits and "-"',
    'Name of a built-in dataset (`movielens-100k`), fetched and built when it is absent. ' +
      'Exactly one of `dataset` and `path`.',
  ).optional(),
  path: text(
    /^[^\0]{1,4096}$/,
    'a path of 1 to 4096 characters',
    'Folder of a dataset that `lockstep data` has built.',
  ).optional(),
  sequences: z
    .strictObject({
      maxLength: integer(
        '[1, 8192]',
        'Items that the user model reads; a training sequence has at most one more.',
      ).default(50),
      longer: choice(
        ['windows', 'last'],
        'What becomes of a longer history: consecutive windows that predict every item once, ' +
          'or only its last window.',
      ).default('windows'),
    })
    .prefault({}),
});

const model = z.strictObject({
  item: decoder.prefault({}).meta({ description: 'Reads the text of an item.' }),
  user: decoder
    .prefault({})
    .meta({ description: 'Reads a sequence of item embeddings; `hiddenSize` as in `item`.' }),
  itemEmbedding: choice(
    ['item-token', 'mean'],
    'The embedding of an item: the last state of an [ITEM] token behind its text, or the mean ' +
      'over its text.',
  ).default('item-token'),
  maxTextLength: integer('[1, 8192]', 'Tokens of an item text; longer texts are cut.').default(
    defaultTextLength,
  ),
  initializerRange: real(
    '(0, 1]',
    'Standard deviation of the initial weights, as in Hugging Face; small models want more.',
  ).default(0.02),
});

const objective = z
  .strictObject({
    kind: choice(['generative'], 'Next-item prediction by InfoNCE over negatives.').default(
      'generative',
    ),
    negatives: z
      .strictObject({
        perUser: integer(
          '[1, 65536]',
          'Negatives drawn for each sequence of a step; all sequences of the step share them. ' +
            'Exactly one of `perUser`, `total` and `all`; `total: 512` where `negatives` is left out.',
        ).optional(),
        total: integer('[1, 16777216]', 'Negatives drawn for a step.').optional(),
        all: exactly(true, 'Every item of the catalogue is a negative in every step.').optional(),
      })
      .prefault({ total: 512 }),
    falseNegatives: choice(
      ['text', 'cosine', 'none'],
      'Which negatives are not held against the model: those whose text, as the model reads it, is ' +
        'that of the positive (the same item, or one that looks the same); those whose embedding is ' +
        'close to the positive’s, as in HLLM (embeddings that move together then take away their own ' +
        'negatives, and training can end in a loss of 0); or nobody.',
    ).default('text'),
    falseNegativeThreshold: derivedReal(
      '[-1, 1]',
      '0.99 for `cosine`',
      'A negative whose cosine with the positive exceeds this is left out; only for ' +
        '`falseNegatives: cosine`.',
    ),
    temperature: z
      .strictObject({
        initial: real(
          '[0.01, 1]',
          'Where the learned temperature starts: `logit_scale` = ln(1 / initial), clamped to ' +
            '[0, ln 100].',
        ).default(0.07),
      })
      .prefault({}),
    normalisation: choice(
      ['global', 'lane'],
      'The loss of a step: the mean over all its predictions, or the mean of the lanes’ means.',
    ).default('global'),
  })
  .transform((given) => ({
    ...given,
    ...(given.falseNegatives === 'cosine' && {
      falseNegativeThreshold: given.falseNegativeThreshold ?? 0.99,
    }),
  }));

const optimizer = z.strictObject({
  kind: choice(['adamw'], 'AdamW with decoupled weight decay.').default('adamw'),
  learningRate: derivedReal(
    '(0, 1]',
    '0.003 x 64 / `model.item.hiddenSize`, at most 0.003',
    'The peak of the schedule. Wider models want less: 0.003 at a width of 64, 0.0001 at 2048.',
  ),
  betas: pairOf('[0, 1)', 'Decay of the first and the second moment.').default([0.9, 0.999]),
  eps: real('(0, 1]', 'Added to the root of the second moment.').default(1e-8),
  weightDecay: real('[0, 1]', 'Share of a weight that a learning rate of one removes.').default(
    0.01,
  ),
  clipGradNorm: real(
    '(0, 1000000000]',
    'Largest global norm of the gradient; a longer one is scaled down to it.',
  ).default(1),
  schedule: z
    .strictObject({
      kind: choice(
        ['constant', 'linear', 'cosine'],
        'How the learning rate moves after the warm-up.',
      ).default('cosine'),
      warmupSteps: derivedInteger(
        '[0, 1000000000]',
        'a tenth of the steps, at most 2000; 0 for `constant`',
        'Steps in which the learning rate climbs from zero.',
      ),
      finalFraction: real('[0, 1]', 'Share of the peak that is left at the last step.').default(0),
    })
    .prefault({}),
});

const init = z.strictObject({
  from: text(
    /^[^\0]{1,4096}$/,
    'a path of 1 to 4096 characters',
    'Folder of a run, or one checkpoint, whose weights training starts from, with new moments and at ' +
      'step 0; set by `--init-from`.',
  ),
  weightsSha256: text(
    /^[0-9a-f]{64}$/,
    '64 hexadecimal digits',
    'Digest of those weights; found where it is left out: the newest checkpoint of the run.',
  ).optional(),
});

const givenSpec = z.strictObject({
  seed: integer('[0, 4294967295]', 'Everything random in the job derives from it.').default(1),
  data,
  model: model.prefault({}),
  init: init.optional(),
  objective: objective.prefault({}),
  optimizer: optimizer.prefault({}),
  batch: z
    .strictObject({
      sequences: integer(
        '[1, 65536]',
        'Sequences of a step, over the whole cluster; the last step of an epoch has the rest.',
      ).default(64),
    })
    .prefault({}),
  duration: z
    .strictObject({
      epochs: derivedInteger(
        '[1, 100000]',
        `${defaultEpochs}, more where these are fewer than ${fewestSteps} steps`,
        'Times that every sequence counts. At most one of `epochs` and `steps`.',
      ),
      steps: integer('[1, 1000000000]', 'Optimizer updates.').optional(),
    })
    .prefault({}),
  lanes: integer(
    '[1, 256]',
    'Fixed slices of every step. They decide the order of sums, so the result depends on them ' +
      'and not on the workers; more workers than lanes leave some idle.',
  ).default(4),
  workers: z
    .strictObject({
      replicas: integer(
        `[1, ${membersMax}]`,
        'Worker processes; never changes the result.',
      ).default(2),
    })
    .prefault({}),
  engine: z
    .strictObject({
      name: choice(
        ['torch', 'cpu', 'wasm', 'tensorflow'],
        'What computes: libtorch, a plain JavaScript or WebAssembly backend, or TensorFlow where ' +
          'it is set up.',
      ).default('torch'),
      threads: integer(
        '[1, 256]',
        'Threads of the engine in each worker; part of the job’s identity, because it decides ' +
          'the order of sums.',
      ).default(1),
      precision: choice(
        ['f32', 'tf32', 'bf16'],
        'Number format of the layers’ matrix products: `tf32` rounds their operands where a CUDA ' +
          'device can; `bf16` has activations in 16 bits too. Weights, gradients, the residual ' +
          'stream and the loss are f32. Both need the engine `torch`.',
      ).default('f32'),
      mode: choice(
        ['exact', 'fast'],
        '`exact`: only kernels that give the same bits again, and the run ends where the engine has ' +
          'none. `fast` gives up the promise that the result does not depend on the cluster.',
      ).default('exact'),
      activations: choice(
        ['keep', 'layer', 'lane'],
        'What waits for the backward: all activations, each layer’s input (a layer runs again), or ' +
          'nothing (the Item LLM of a lane runs again). Less memory, more time, the same result.',
      ).default('keep'),
    })
    .prefault({}),
  checkpoint: z
    .strictObject({
      everySteps: integer(
        '[1, 1000000000]',
        'Committed steps between checkpoints; one is always written at the end.',
      ).default(50),
      keep: integer('[1, 1000]', 'Newest checkpoints that stay on disk.').default(2),
      best: text(
        /^((recall|ndcg)@[1-9]\d{0,4}|mrr)$/,
        '`mrr`, or `recall@K` or `ndcg@K` of a cutoff K',
        'A metric of the validation split: the checkpoint that is best by it stays on disk beside the ' +
          'newest ones, and is evaluated at the end too. Needs `evaluation.everySteps`.',
      ).optional(),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      cutoffs: ascending('[1, 10000]', 16, 'Recall and NDCG are reported at these ranks.').default([
        5, 10, 50, 200,
      ]),
      everySteps: integer(
        '[1, 1000000000]',
        'Committed steps between evaluations of the validation split while training goes on; one ' +
          'comes after the last step. None where it is left out. Never changes the weights.',
      ).optional(),
      patience: integer(
        '[1, 1000000000]',
        'Evaluations in a row in which `checkpoint.best` does not improve, after which training ' +
          'ends. Never where it is left out.',
      ).optional(),
      repeats: choice(
        ['allow', 'count', 'exclude'],
        'A user whose held-out item stands in the own history: `allow` asks for it like for any ' +
          'other (what is asked for is never masked), `count` counts it as missed, as HLLM does, ' +
          'and `exclude` leaves the user out.',
      ).default('allow'),
    })
    .prefault({}),
});

const spec = givenSpec.transform((given) => {
  const { learningRate = defaultLearningRate(given.model.item.hiddenSize) } = given.optimizer;
  return { ...given, optimizer: { ...given.optimizer, learningRate } };
});

export const trainingJobSchema = z.strictObject({
  apiVersion: exactly('lockstep.dev/v1alpha1', 'Version of this schema.'),
  kind: exactly('TrainingJob', 'Kind of the object.'),
  metadata: z.strictObject({
    name: text(
      /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
      'a name of 1 to 63 lower-case letters, digits and "-", with none of "-" at its ends',
      'Names the job within the cluster.',
    ),
  }),
  spec,
});

/** A job with every default filled in. */
export type TrainingJob = z.output<typeof trainingJobSchema>;

/** Fields that exclude each other. */
export interface ExclusiveFields {
  readonly paths: readonly string[];
  /** One of them must be given. */
  readonly needed: boolean;
}

export const exclusiveFields: readonly ExclusiveFields[] = [
  { paths: ['spec.data.dataset', 'spec.data.path'], needed: true },
  {
    paths: [
      'spec.objective.negatives.perUser',
      'spec.objective.negatives.total',
      'spec.objective.negatives.all',
    ],
    needed: true,
  },
  { paths: ['spec.duration.epochs', 'spec.duration.steps'], needed: false },
];
