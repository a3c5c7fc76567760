/** What an evaluation of targets says, beside the model's own numbers. */
import type { TargetCounts } from '../../training/messages.js';
import {
  type ClassificationValues,
  logLossOfRate,
  usersOfOneClass,
} from './classification-metrics.js';
import type { LabelledQuestions } from './labelled-questions.js';

export interface JudgedTargets {
  readonly asked: LabelledQuestions;
  readonly values: ClassificationValues;
}

export function countTargets(asked: LabelledQuestions): TargetCounts {
  const { labels, users } = asked;
  const wanted = labels.reduce((sum, label) => sum + label, 0);
  return {
    total: labels.length,
    wanted,
    users: users.length,
    oneClass: usersOfOneClass(asked),
  };
}

/** Of whoever says of every target what share of training's was wanted: the metrics that the model has. */
export function baseRateValues({ asked, values }: JudgedTargets): ClassificationValues {
  return {
    ...(values.auc !== undefined && { auc: 0.5 }),
    ...(values.gauc !== undefined && { gauc: 0.5 }),
    ...(values.logloss !== undefined && {
      logloss: logLossOfRate(asked.labels, asked.baseRate),
    }),
  };
}
