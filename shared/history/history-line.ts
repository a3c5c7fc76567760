/**
 * The history of a run: one line an event, each a JSON object. It is the one account of what
 * happened, for `history.jsonl`, `result.json`, `--json` and whatever draws a run. docs/run-folder.md
 * explains each field; a test holds it to this schema.
 *
 * Names are snake_case and end in their unit where they have one. `time` is the wall clock, and
 * `committed_steps` counts optimizer updates: 1 after the first step.
 */
import { z } from 'zod';

/** Raised whenever an older reader would misread a newer history. Further fields and kinds do not. */
export const historyVersion = 1;

/** In the folder of the checkpoints: the lines of the last steps that they cover. */
export const recentStepsFile = 'recent-steps.jsonl';

const count = z.int().min(0);
const seconds = z.number().min(0);
const values = z.record(z.string(), z.number());
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Whose history or result it is. */
const owner = {
  run: z.string(),
  job: z.string(),
  /** Of what decides the weights. */
  job_sha256: sha256,
};

const line = <const Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) =>
  z.object({ kind: z.literal(kind), time: z.iso.datetime(), committed_steps: count, ...shape });

/** The first line of a file. */
const historyBegan = line('history', {
  schema_version: z.int().min(1),
  ...owner,
});

/** A membership trains from here on: at the start, and again after each resume. */
const started = line('started', {
  /** By rank. */
  members: z.array(z.string()),
  total_steps: count,
  /** The checkpoint; null where training starts from the seed. */
  resumed_from: z.string().nullable(),
  lockstep_version: z.string(),
  node_version: z.string(),
});

/** The members have changed while the run lasts; training goes on where it was. */
const generation = line('generation', {
  generation: count,
  /** By rank. */
  members: z.array(z.string()),
  /** At the end of a step, with nothing aborted. */
  planned: z.boolean(),
  reason: z.string(),
});

/** What a change of the members, of the coordinator or of nats-server has cost. */
const recovery = line('recovery', {
  cause: z.enum(['lost', 'joined', 'left', 'link', 'leader', 'bus']),
  /** Who was lost, came or went. */
  workers: z.array(z.string()),
  planned: z.boolean(),
  /** From the last sign of life until the change was decided. */
  detect_seconds: seconds,
  /** From there until every member knew where to go on. */
  reform_seconds: seconds,
  /** From there until every member trained. */
  resume_seconds: seconds,
  /** Between the last commit before and the first one after, beyond a usual step. */
  lost_seconds: seconds,
  /** Steps that were under way and were computed again. */
  recomputed_steps: count,
});

/** A step. What is not of this member alone is identical on all members. */
const committed = line('committed', {
  /** Null where the job has no stages. */
  stage: z.string().nullable().default(null),
  /** In nats. */
  loss: z.number(),
  /** Global norm before clipping. */
  gradient_norm: z.number(),
  learning_rate: z.number(),
  sequences: count,
  item_tokens: count,
  distinct_items: count,
  // What follows is the objective's: another one may report other numbers.
  logit_scale: z.number().optional(),
  predictions: count.optional(),
  /** Share of predictions whose positive had the highest logit. */
  top1: z.number().optional(),
  /** Negatives that are held against a prediction, on average. */
  live_negatives: z.number().optional(),
  /** Those of the prediction that has fewest. */
  least_live_negatives: z.number().optional(),
  targets: count.optional(),
  /** Cross-entropy of the targets' labels. */
  classification_loss: z.number().optional(),
  /** Of the predictions beside them, without its weight. */
  generative_loss: z.number().optional(),
  /** Mean cosine of two different items; towards 1, the model no longer tells items apart. */
  item_cosine: z.number(),
  /** Since the step before was committed, or since the members were ready. */
  step_seconds: seconds,
  /** Of the member that reported first, by phase. */
  phase_seconds: values,
  /** Of the member that reported first: waiting for peers. */
  wait_seconds: seconds,
});

/** What went over a member's links within so many seconds, headers included. */
const links = z.object({
  seconds,
  sent_bytes: count,
  received_bytes: count,
  /** Side by side: of up to 16 members all peers by rank, of more the slowest ones. */
  peers: z.object({
    ranks: z.array(count),
    sent_bytes: z.array(count),
    /** While a frame of the peer had begun to come, and was not there yet. */
    receive_seconds: z.array(seconds),
    /** While an exchange lacked something of the peer. */
    wait_seconds: z.array(seconds),
  }),
});

/** Where the members' time went: sums over the `steps` steps since the line before, told every few seconds. */
const phases = line('phases', {
  generation: count,
  steps: count,
  /** By rank. */
  members: z.array(
    z.object({
      worker: z.string(),
      lanes: count,
      phase_seconds: values,
      /** Waiting for peers. */
      wait_seconds: seconds,
      /** Of its own lanes, over these steps. */
      work: z.object({ users: count, item_tokens: count, flops: z.number().min(0) }).optional(),
      /** With `links`, about every ten seconds. */
      host: z.string().optional(),
      links: links.optional(),
    }),
  ),
});

const checkpointed = line('checkpointed', { path: z.string(), seconds });

/** What AUC and log-loss are of. */
const targetCounts = z.object({
  total: count,
  wanted: count,
  users: count,
  /** Users whose targets are all of one class: `gauc` leaves them out. */
  users_of_one_class: count,
});

const evaluated = line('evaluated', {
  results: z.array(
    z.object({
      split: z.string(),
      model: z.string(),
      users: count,
      users_too_short: count,
      /** Users whose held-out item stands in their history. */
      repeats: count,
      /** Users whose held-out item ties with others. */
      tied: count,
      /** Of the catalogue. */
      items: count,
      /** Left out by an objective that has none. */
      targets: targetCounts.optional(),
      values,
    }),
  ),
  /** The best validation so far; null where the job keeps none, and after the last evaluation. */
  best: z.object({ metric: z.string(), value: z.number(), committed_steps: count }).nullable(),
});

/** Training had collapsed: what follows goes on from other weights, with these settings. */
const rolledBack = line('rolled_back', {
  /** Committed steps of the checkpoint; 0 for the first weights. */
  rolled_back_to: count,
  reason: z.string(),
  false_negatives: z.string(),
  /** The peak of the schedule. */
  learning_rate: z.number(),
});

/** What the metrics of a split are of. */
const evaluatedSplit = z.object({
  users: count,
  repeats: count,
  tied: count,
  tied_popularity: count,
  /** Left out by an objective that has none. */
  targets: targetCounts.optional(),
});

/** Something that the user should know and the run goes on without. */
const warning = line('warning', { text: z.string() });

/** Who asked for it, for people, and the id of the request. */
const asked = { by: z.string(), id: z.string() };

/** An operator has paused the run: once `stands_at` steps are committed, it stands. */
const paused = line('paused', { ...asked, stands_at: count });

/** Training goes on after a pause. */
const wentOn = line('went_on', asked);

/** An operator wants a checkpoint of at least `steps` steps. */
const askedCheckpoint = line('asked_checkpoint', {
  ...asked,
  steps: count,
  /** It is there already; null where a line `checkpointed` follows. */
  path: z.string().nullable(),
});

/** An operator has told a worker to hand over and end. */
const draining = line('draining', { ...asked, worker: z.string() });

/** What an operator asked cannot be done, and nothing was changed. */
const refusedRequest = line('refused_request', {
  ...asked,
  request: z.string(),
  reason: z.string(),
});

/** The run has done what it was asked, or was stopped with a checkpoint. */
const finished = line('finished', {
  exit_code: count,
  stopped: z.boolean(),
  /** The job's patience ended it before its last step. */
  ended_early: z.boolean(),
  /** The stage that it ended in; null where the job has none. */
  stage: z.string().nullable().default(null),
  /** The checkpoint that was kept for its validation; null where the job keeps none. */
  best: z
    .object({
      metric: z.string(),
      value: z.number(),
      committed_steps: count,
      checkpoint: z.string(),
      metrics: z.object({ validation: values.nullable(), test: values.nullable() }),
    })
    .nullable(),
  /** Of the last step; null where none was trained. */
  final_loss: z.number().nullable(),
  /** Null where no step was trained. */
  live_negatives: z
    .object({ mean: z.number(), least: z.number(), least_of_run: z.number() })
    .nullable(),
  weights_sha256: sha256,
  checkpoint: z.string().nullable(),
  metrics: z.object({
    validation: values.nullable(),
    test: values.nullable(),
    popularity: z.object({ validation: values.nullable(), test: values.nullable() }),
    /** Of saying to everybody what share of training's targets was wanted; only with targets. */
    base_rate: z.object({ validation: values.nullable(), test: values.nullable() }).optional(),
  }),
  /** Null where nothing was evaluated. */
  evaluation: z
    .object({
      validation: evaluatedSplit.nullable(),
      test: evaluatedSplit.nullable(),
      items: count,
      users_too_short: count,
      cutoffs_above_catalogue: z.array(count),
    })
    .nullable(),
  /** The command that goes on after a stop; null where nothing is left to do. */
  resume: z.string().nullable().default(null),
});

const failed = line('failed', {
  exit_code: count,
  /** A stable word for machines. */
  code: z.string(),
  message: z.string(),
  /** The process whose log tells more; null where none does. */
  process: z.string().nullable(),
  /** The command that continues; null where none is known. */
  resume: z.string().nullable(),
});

export const historyLine = z.discriminatedUnion('kind', [
  historyBegan,
  started,
  generation,
  recovery,
  committed,
  phases,
  checkpointed,
  evaluated,
  rolledBack,
  warning,
  paused,
  wentOn,
  askedCheckpoint,
  draining,
  refusedRequest,
  finished,
  failed,
]);

export type HistoryLine = z.infer<typeof historyLine>;
export type HistoryLineOf<Kind extends HistoryLine['kind']> = Extract<HistoryLine, { kind: Kind }>;
/** How a run ends. `result.json` is this line, with what it belongs to. */
export type EndLine = HistoryLineOf<'finished' | 'failed'>;

export const runResult = z.intersection(
  z.object({ schema_version: z.int().min(1), ...owner }),
  z.discriminatedUnion('kind', [finished, failed]),
);

/** Shown while it lasts and kept nowhere. */
export const progressLine = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('waiting'), time: z.iso.datetime(), reason: z.string() }),
  z.object({
    kind: z.enum(['evaluating', 'encoding']),
    time: z.iso.datetime(),
    done: count,
    total: count,
  }),
]);

export type ProgressLine = z.infer<typeof progressLine>;

export const isProgress = (line: HistoryLine | ProgressLine): line is ProgressLine =>
  line.kind === 'waiting' || line.kind === 'evaluating' || line.kind === 'encoding';
