/** Rules between fields, which the schema of one field cannot express. */
import type { JobProblem } from '../../errors.js';
import { type ExclusiveFields, exclusiveFields, type TrainingJob } from '../schema.js';
import { generativeWeight } from '../sections/objective.js';
import { isClassificationMetric } from './classification-metrics.js';
import { decoderRules } from './decoder-rules.js';
import { kubernetesRules } from './kubernetes-rules.js';
import { brokenRule } from './problems.js';
import { stageRules } from './stage-rules.js';

/** Empty where the job keeps all of them. */
export function brokenRules(job: TrainingJob): JobProblem[] {
  const problems = job.spec.stages === undefined ? rulesOf(job) : stageRules(job, rulesOf);
  // What several stages have of the job, they have its problems with.
  const said = new Set<string>();
  return problems.filter(({ path, message }) => {
    const isNew = !said.has(`${path} ${message}`);
    said.add(`${path} ${message}`);
    return isNew;
  });
}

function rulesOf(job: TrainingJob): JobProblem[] {
  return [
    ...exclusiveFields.flatMap((group) => exclusive(job, group)),
    ...decoderRules('spec.model.item', job.spec.model.item),
    ...decoderRules('spec.model.user', job.spec.model.user),
    ...sameHiddenSize(job),
    ...warmupWithinSteps(job),
    ...thresholdOfCosine(job),
    ...negativesOfInfoNce(job),
    ...bestOfEvaluations(job),
    ...bestOfObjective(job),
    ...changeOfGuard(job),
    ...workersWithinLanes(job),
    ...cpuThreads(job),
    ...precisionOfEngine(job),
    ...kubernetesRules(job),
  ];
}

function exclusive(job: TrainingJob, { paths, isNeeded }: ExclusiveFields): JobProblem[] {
  const needed = isNeeded(job);
  const given = paths.filter((path) => valueAt(job, path) !== undefined);
  if (given.length === 1 || (given.length === 0 && !needed)) return [];
  const names = paths.map((path) => path.slice(path.lastIndexOf('.') + 1));
  const parent = (paths[0] as string).replace(/\.[^.]+$/, '');
  const many = needed ? 'exactly' : 'at most';
  const is = given.length === 0 ? 'none is given' : `${given.length} are given`;
  return [{ path: parent, message: `must have ${many} one of ${names.join(', ')}: ${is}` }];
}

function valueAt(job: TrainingJob, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], job);
}

function sameHiddenSize(job: TrainingJob): JobProblem[] {
  const { item, user } = job.spec.model;
  if (item.hiddenSize === user.hiddenSize) return [];
  const rule = `the item model's, ${item.hiddenSize}, because the user model reads its embeddings`;
  return [brokenRule('spec.model.user.hiddenSize', rule, user.hiddenSize)];
}

function warmupWithinSteps(job: TrainingJob): JobProblem[] {
  const { steps } = job.spec.duration;
  // Epochs become steps only once the dataset is known: the planner looks then.
  return steps === undefined ? [] : warmupProblems(job.spec.optimizer.schedule.warmupSteps, steps);
}

/** @param warmupSteps undefined where it follows from the steps. */
export function warmupProblems(warmupSteps: number | undefined, totalSteps: number): JobProblem[] {
  if (warmupSteps === undefined || warmupSteps <= totalSteps) return [];
  const rule = `at most the ${totalSteps} steps of the training`;
  return [brokenRule('spec.optimizer.schedule.warmupSteps', rule, warmupSteps)];
}

function bestOfEvaluations({ spec }: TrainingJob): JobProblem[] {
  const { evaluation, checkpoint } = spec;
  const problems: JobProblem[] = [];
  if (checkpoint.best !== undefined && evaluation.everySteps === undefined) {
    const rule = 'left out unless evaluation.everySteps says when to evaluate';
    problems.push(brokenRule('spec.checkpoint.best', rule, checkpoint.best));
  }
  if (evaluation.patience !== undefined && checkpoint.best === undefined) {
    const rule = 'left out unless checkpoint.best names the metric that should improve';
    problems.push(brokenRule('spec.evaluation.patience', rule, evaluation.patience));
  }
  const cutoff = Number(checkpoint.best?.split('@')[1] ?? evaluation.cutoffs[0]);
  if (!evaluation.cutoffs.includes(cutoff)) {
    const rule = `mrr, or a metric at one of evaluation.cutoffs (${evaluation.cutoffs.join(', ')})`;
    problems.push(brokenRule('spec.checkpoint.best', rule, checkpoint.best));
  }
  return problems;
}

function changeOfGuard({ spec }: TrainingJob): JobProblem[] {
  const { action, change } = spec.guard;
  if (action !== 'continue') {
    if (change === undefined) return [];
    const rule = `left out, because guard.action is ${action}: only continue changes anything`;
    return [brokenRule('spec.guard.change', rule, change)];
  }
  const before = spec.objective.falseNegatives;
  if (change?.falseNegatives === before) {
    const rule = 'another than objective.falseNegatives, or left out';
    return [brokenRule('spec.guard.change.falseNegatives', rule, before)];
  }
  if (change?.falseNegatives !== undefined || change?.learningRateFactor !== undefined) return [];
  const rule = 'given with falseNegatives or learningRateFactor, because guard.action is continue';
  return [brokenRule('spec.guard.change', rule, change)];
}

/** A metric that the objective never has cannot choose a checkpoint. */
function bestOfObjective({ spec }: TrainingJob): JobProblem[] {
  const { objective, checkpoint } = spec;
  const { best } = checkpoint;
  if (best === undefined) return [];
  const refused = (rule: string): JobProblem[] => [brokenRule('spec.checkpoint.best', rule, best)];
  if (!isClassificationMetric(best)) {
    if (generativeWeight(objective) > 0) return [];
    return refused('auc, gauc or logloss, because without a generative part nothing is ranked');
  }
  if (objective.kind === 'generative') {
    return refused('mrr, recall@K or ndcg@K, because the objective generative has no targets');
  }
  if (best !== 'gauc' || objective.targets.kind === 'sampled') return [];
  return refused('auc or logloss, because with labels from data each user has one target');
}

function thresholdOfCosine({ spec }: TrainingJob): JobProblem[] {
  const { falseNegatives, falseNegativeThreshold } = spec.objective;
  if (falseNegatives === 'cosine' || falseNegativeThreshold === undefined) return [];
  const rule = `left out, because falseNegatives is ${falseNegatives}: only cosine has a threshold`;
  return [brokenRule('spec.objective.falseNegativeThreshold', rule, falseNegativeThreshold)];
}

function negativesOfInfoNce({ spec }: TrainingJob): JobProblem[] {
  const { objective } = spec;
  if (generativeWeight(objective) > 0 || Object.keys(objective.negatives).length === 0) return [];
  const rule = 'left out, because generativeWeight is 0: nothing is compared with negatives';
  return [brokenRule('spec.objective.negatives', rule, objective.negatives)];
}

function workersWithinLanes({ spec }: TrainingJob): JobProblem[] {
  const { replicas, min, max } = spec.workers;
  const lanes = `at most the ${spec.lanes} lanes, because every worker owns at least one`;
  if (replicas > spec.lanes) return [brokenRule('spec.workers.replicas', lanes, replicas)];
  if (max !== undefined && max > spec.lanes) return [brokenRule('spec.workers.max', lanes, max)];
  if (max !== undefined && max < replicas) {
    return [brokenRule('spec.workers.max', `at least the ${replicas} replicas`, max)];
  }
  if (min <= replicas) return [];
  return [brokenRule('spec.workers.min', `at most the ${replicas} replicas`, min)];
}

function precisionOfEngine({ spec }: TrainingJob): JobProblem[] {
  const { name, precision } = spec.engine;
  if (precision === 'f32' || name === 'torch') return [];
  return [
    brokenRule(
      'spec.engine.precision',
      `f32 for the engine ${name}, which has no others`,
      precision,
    ),
  ];
}

function cpuThreads(job: TrainingJob): JobProblem[] {
  const { name, threads } = job.spec.engine;
  if (name !== 'cpu' || threads === 1) return [];
  return [brokenRule('spec.engine.threads', '1 for the engine cpu, which has no others', threads)];
}
