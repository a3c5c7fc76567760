/** Rules of `spec` and of its small sections. */
import { classificationMetrics } from '../../../shared/job-spec/rules/classification-metrics.js';
import type { ValidationRule } from '../schema/schema-types.js';
import { celList, ruleOf, valueOr } from './cel.js';
import { everyObjective, isGenerative, kindOf } from './objective-rules.js';

const everyWorkerHasALane = 'because every worker owns at least one';

const withinLanes = (name: 'replicas' | 'max'): ValidationRule =>
  ruleOf(
    `!has(self.workers.${name}) || self.workers.${name} <= self.lanes`,
    `must be at most spec.lanes, ${everyWorkerHasALane}`,
    `workers.${name}`,
  );

export const sizeRules: readonly ValidationRule[] = [withinLanes('replicas'), withinLanes('max')];

export const workersRules: readonly ValidationRule[] = [
  ruleOf('self.min <= self.replicas', 'must be at most workers.replicas', 'min'),
  ruleOf('!has(self.max) || self.replicas <= self.max', 'must be at least workers.replicas', 'max'),
];

export const warmupRules: readonly ValidationRule[] = [
  ruleOf(
    'has(self.stages) || !has(self.duration.steps) || ' +
      `${valueOr('self', 'optimizer.schedule.warmupSteps', 0)} <= self.duration.steps`,
    'must be at most duration.steps, the steps of the training',
    'optimizer.schedule.warmupSteps',
  ),
];

const best = 'self.checkpoint.best';
const isClassification = `${best} in ${celList(classificationMetrics)}`;

const bestRule = (rule: string, message: string): ValidationRule =>
  ruleOf(`!has(${best}) || ${rule}`, `must be ${message}`, 'checkpoint.best');

export const bestRules: readonly ValidationRule[] = [
  bestRule(
    'has(self.evaluation.everySteps)',
    'left out unless evaluation.everySteps says when to evaluate',
  ),
  ruleOf(
    `!has(self.evaluation.patience) || has(${best})`,
    'must be left out unless checkpoint.best names the metric that should improve',
    'evaluation.patience',
  ),
  bestRule(
    `!${best}.contains('@') || int(${best}.split('@')[1]) in self.evaluation.cutoffs`,
    'mrr, or a metric at one of evaluation.cutoffs',
  ),
  bestRule(
    `${isClassification} || ${everyObjective(isGenerative)}`,
    'auc, gauc or logloss, because without a generative part nothing is ranked',
  ),
  bestRule(
    `!(${isClassification}) || ${everyObjective((of) => `${kindOf(of)} != 'generative'`)}`,
    'mrr, recall@K or ndcg@K, because the objective generative has no targets',
  ),
  bestRule(
    `${best} != 'gauc' || ` +
      everyObjective(
        (of) =>
          `(${kindOf(of)} == 'generative' || ${valueOr(of, 'targets.kind', 'data')} == 'sampled')`,
      ),
    'auc or logloss, because with labels from data each user has one target',
  ),
];

export const guardRules: readonly ValidationRule[] = [
  ruleOf(
    "self.action == 'continue' || !has(self.change)",
    'must be left out unless guard.action is continue: nothing else changes anything',
    'change',
  ),
  ruleOf(
    "self.action != 'continue' || self.?change.?falseNegatives.hasValue() || " +
      'self.?change.?learningRateFactor.hasValue()',
    'must be given with falseNegatives or learningRateFactor, because guard.action is continue',
    'change',
  ),
];

export const changeRules: readonly ValidationRule[] = [
  ruleOf(
    '!self.guard.?change.?falseNegatives.hasValue() || ' +
      everyObjective(
        (of) => `${valueOr(of, 'falseNegatives', 'text')} != self.guard.change.falseNegatives`,
      ),
    'must be another than objective.falseNegatives, or left out',
    'guard.change.falseNegatives',
  ),
];

export const engineRules: readonly ValidationRule[] = [
  ruleOf(
    "self.precision == 'f32' || self.name == 'torch'",
    'must be f32 unless the engine is torch: others have no other precision',
    'precision',
  ),
  ruleOf(
    "self.threads == 1 || self.name != 'cpu'",
    'must be 1 for the engine cpu, which has no others',
    'threads',
  ),
];
