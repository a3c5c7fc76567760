/**
 * A job with stages as the jobs that its stages are: everything behind this file trains, plans and
 * evaluates one of those, and knows nothing of stages but where it begins.
 */
import { Random } from '../random.js';
import type { TrainingJob } from './schema.js';
import { type PartlyTrained, partlyTrained } from './sections/train.js';

/** One job for each stage, without `stages`; the job itself where it has none. */
export function stageJobs(job: TrainingJob): TrainingJob[] {
  const count = job.spec.stages?.length ?? 0;
  if (count === 0) return [job];
  return Array.from({ length: count }, (_, index) => effectiveJob(job, index));
}

/** What a stage gives stands for the whole section of the job. */
function effectiveJob(job: TrainingJob, index: number): TrainingJob {
  const { stages, ...spec } = job.spec;
  const { name: _, data, train, ...own } = (stages ?? [])[index] as Stage;
  return {
    ...job,
    spec: {
      ...spec,
      ...withoutAbsent(own),
      seed: stageSeed(spec.seed, index),
      data: { ...spec.data, ...withoutAbsent(data ?? {}) },
      model: {
        ...spec.model,
        item: trainedAs(spec.model.item, train?.item),
        user: trainedAs(spec.model.user, train?.user),
      },
    },
  };
}

function trainedAs<Tower extends { train?: PartlyTrained }>(
  tower: Tower,
  given: Train | undefined,
) {
  if (given === undefined) return tower;
  const { train: _, ...rest } = tower;
  return { ...rest, ...partlyTrained(given) };
}

type Train = NonNullable<Parameters<typeof partlyTrained>[0]>;
type Stage = NonNullable<TrainingJob['spec']['stages']>[number];

/** So that a stage does not draw again what the one before has drawn. The first has the job's own. */
const stageSeed = (seed: number, index: number): number =>
  index === 0 ? seed : Random.for(seed, 'stage', index).next();

const withoutAbsent = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]: Exclude<Fields[Name], undefined>;
  };
