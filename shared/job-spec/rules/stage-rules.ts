/** Rules of a job that has stages: each of them keeps the rules of a job, and together some of their own. */
import type { JobProblem } from '../../errors.js';
import type { TrainingJob } from '../schema.js';
import { stageJobs } from '../stage-jobs.js';
import { brokenRule } from './problems.js';

/** @param rulesOf of a job without stages. */
export function stageRules(
  job: TrainingJob,
  rulesOf: (job: TrainingJob) => JobProblem[],
): JobProblem[] {
  return [
    ...stageJobs(job).flatMap((effective, index) =>
      rulesOf(effective).map((problem) => inStage(job, index, problem)),
    ),
    ...differentNames(job),
    ...durationOfStages(job),
    ...noPatience(job),
    ...oneFusion(job),
    ...something(job),
  ];
}

/** A problem with what a stage does not give is one of the job. */
function inStage(job: TrainingJob, index: number, { path, message }: JobProblem): JobProblem {
  const stage: Record<string, unknown> = job.spec.stages?.[index] ?? {};
  const [, section] = path.split('.');
  const isOwn = section !== undefined && stage[section] !== undefined;
  return { path: isOwn ? path.replace(/^spec\./, `spec.stages.${index}.`) : path, message };
}

function differentNames({ spec }: TrainingJob): JobProblem[] {
  const names = spec.stages?.map(({ name }) => name) ?? [];
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    const rule = `another name than that of stage ${first}`;
    return first === index ? [] : [brokenRule(`spec.stages.${index}.name`, rule, name)];
  });
}

function durationOfStages({ spec }: TrainingJob): JobProblem[] {
  if (Object.keys(spec.duration).length === 0) return [];
  return [brokenRule('spec.duration', 'left out: each stage has its own', spec.duration)];
}

function noPatience({ spec }: TrainingJob): JobProblem[] {
  const { patience } = spec.evaluation;
  if (patience === undefined) return [];
  // A stage that ends early would move the borders behind it, which are functions of the job.
  const rule = 'left out, because stages end where the job says';
  return [brokenRule('spec.evaluation.patience', rule, patience)];
}

/** Heads of both kinds have the same names and other shapes. */
function oneFusion(job: TrainingJob): JobProblem[] {
  const kinds = stageJobs(job).map(({ spec }) => spec.objective.kind);
  const first = kinds.find((kind) => kind !== 'generative');
  return kinds.flatMap((kind, index) => {
    if (kind === 'generative' || kind === first) return [];
    const rule = `generative or ${first}: a job has the head of one kind of fusion`;
    return [brokenRule(`spec.stages.${index}.objective.kind`, rule, kind)];
  });
}

/** Heads of a fusion train whatever else does; InfoNCE has nothing but its temperature. */
function something(job: TrainingJob): JobProblem[] {
  return stageJobs(job).flatMap(({ spec }, index) => {
    const { item, user } = spec.model;
    const isFrozen = item.train?.kind === 'nothing' && user.train?.kind === 'nothing';
    if (!isFrozen || spec.objective.kind !== 'generative') return [];
    const message = 'must train something: both models are frozen, and the objective has no head';
    return [{ path: `spec.stages.${index}.train`, message }];
  });
}
