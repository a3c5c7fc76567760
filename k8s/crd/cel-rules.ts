/**
 * Rules between fields, as the API server checks them: what `shared/job-spec/rules/` says, as far as CEL
 * can. A job that passes here and not there gets the condition Failed with the reason InvalidSpec.
 */
import { immutabilityRules } from './immutable-fields.js';
import type { ValidationRule } from './schema-types.js';

/** Path of a mapping, as `spec.stages[].optimizer`, -> its rules. */
export type RuleTable = Readonly<Record<string, readonly ValidationRule[]>>;

const exactlyOne = (names: readonly string[]): ValidationRule => ({
  rule: `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(given, given).size() == 1`,
  message: `must have exactly one of ${names.join(', ')}`,
});

const atMostOne = (names: readonly string[]): ValidationRule => ({
  rule: `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(given, given).size() <= 1`,
  message: `must have at most one of ${names.join(', ')}`,
});

const workerRules: readonly ValidationRule[] = [
  {
    rule: 'self.min <= self.replicas',
    message: 'must be at most workers.replicas',
    fieldPath: '.min',
  },
  {
    rule: '!has(self.max) || self.replicas <= self.max',
    message: 'must be at least workers.replicas',
    fieldPath: '.max',
  },
];

const everyWorkerHasALane = 'because every worker owns at least one';

const withinLanes = (name: 'replicas' | 'max'): ValidationRule => ({
  rule: `!has(self.workers.${name}) || self.workers.${name} <= self.lanes`,
  message: `must be at most spec.lanes, ${everyWorkerHasALane}`,
  fieldPath: `.workers.${name}`,
});

export const celRules: RuleTable = {
  spec: [...immutabilityRules(), withinLanes('replicas'), withinLanes('max')],
  'spec.data': [exactlyOne(['dataset', 'path'])],
  'spec.duration': [atMostOne(['epochs', 'steps'])],
  'spec.stages[].duration': [atMostOne(['epochs', 'steps'])],
  'spec.workers': workerRules,
  'spec.kubernetes.checkpoints': [exactlyOne(['claim', 'volume', 's3'])],
};
