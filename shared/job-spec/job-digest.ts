import { createHash } from 'node:crypto';
import type { TrainingJob } from './job-spec.js';
import { withoutClusterFields } from './on-cluster.js';
import { stageJobs } from './stage-jobs.js';

/**
 * What decides the trained weights, besides the dataset's content (which has a digest of its own).
 * Lanes and engine threads decide the order of sums and belong to it; workers do not.
 */
export function jobIdentity(job: TrainingJob): Record<string, unknown> {
  const { seed, data, model, init, objective, optimizer, batch, lanes, engine } = job.spec;
  return {
    apiVersion: job.apiVersion,
    seed,
    sequences: data.sequences,
    model: { ...model, item: identityOf(model.item), user: identityOf(model.user) },
    init: init?.weightsSha256,
    objective,
    optimizer,
    batch,
    duration: job.spec.stages === undefined ? decidingDuration(job) : undefined,
    lanes,
    // What waits for the backward is a matter of memory and changes no bit.
    engine: { ...engine, activations: undefined },
    ...decidingGuard(job),
    stages: stagesIdentity(job),
  };
}

/** Weights are told by their digest: where they lie decides nothing. */
function identityOf(tower: TrainingJob['spec']['model']['item']): object {
  const { pretrained, ...shapes } = tower;
  return pretrained === undefined
    ? shapes
    : { ...shapes, pretrained: { ...pretrained, path: undefined } };
}

/** As given: what a stage leaves out is in the job's identity already. Undefined where it has none. */
function stagesIdentity(job: TrainingJob): Record<string, unknown>[] | undefined {
  const last = stageJobs(job).at(-1) as TrainingJob;
  return job.spec.stages?.map((stage, index, all) => ({
    ...stage,
    // Where a stage ends, the next one begins: only the last may grow.
    duration: index === all.length - 1 ? decidingDuration(last) : stage.duration,
  }));
}

/**
 * A guard that continues decides the weights, and so do the checkpoints that it rolls back to. Any other
 * one only decides where training ends.
 */
function decidingGuard({ spec }: TrainingJob): Record<string, unknown> {
  const { guard, checkpoint } = spec;
  if (guard.action !== 'continue') return {};
  return { guard, checkpoint: { everySteps: checkpoint.everySteps } };
}

/**
 * A schedule that moves stretches over the whole training, whose length then decides every step. With
 * a constant one a step does not know how many follow, and the training may go on for longer.
 */
function decidingDuration({ spec }: TrainingJob): TrainingJob['spec']['duration'] | undefined {
  return spec.optimizer.schedule.kind === 'constant' ? undefined : spec.duration;
}

/** SHA-256 (hex) over the canonical JSON of the job's identity. A pure function of bytes. */
export function jobDigest(job: TrainingJob): string {
  return createHash('sha256')
    .update(canonicalJson(jobIdentity(job)))
    .digest('hex');
}

/**
 * SHA-256 (hex) of everything that the job says, its name and paths included: by it, the processes of a
 * run know that they all read the same job. What only a cluster reads is left out: no process looks at
 * it, and some of it changes while the job runs. So are the workers: how many there should be may
 * change while a run lasts, and whoever leads says it anew.
 */
export function wholeJobDigest(job: TrainingJob): string {
  const { spec, ...rest } = withoutClusterFields(job);
  const lasting = { ...rest, spec: { ...spec, workers: undefined } };
  return createHash('sha256').update(canonicalJson(lasting)).digest('hex');
}

/** JSON with sorted keys, so that the order in which a job was written does not matter. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
