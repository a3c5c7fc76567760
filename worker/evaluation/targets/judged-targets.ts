/** What an evaluation of targets says, beside the model's own numbers. */
import type { ClassificationMetric } from '../../../shared/job-spec/rules/classification-metrics.js';
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

/** Whether these targets have the metric, whatever is said of them. */
export function hasMetric(asked: LabelledQuestions, metric: ClassificationMetric): boolean {
  const { total, wanted, users, oneClass } = countTargets(asked);
  switch (metric) {
    case 'auc':
      return wanted > 0 && wanted < total;
    case 'gauc':
      return oneClass < users;
    case 'logloss':
      return total > 0;
  }
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
