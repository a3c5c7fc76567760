/** Rules of what only a cluster reads, and of what it reads in another way than one machine. */
import { ownLabelPrefixes } from '../../../shared/job-spec/rules/kubernetes-rules.js';
import { absoluteRule } from '../cluster-problems.js';
import type { ValidationRule } from '../schema/schema-types.js';
import { celList, celText, ruleOf } from './cel.js';

export const absolutePath = (field: string): ValidationRule =>
  ruleOf(`!has(self.${field}) || self.${field}.startsWith('/')`, `must be ${absoluteRule}`, field);

export const tolerationRules: readonly ValidationRule[] = [
  ruleOf(
    "self.?operator.orValue('Equal') != 'Exists' || self.?value.orValue('') == ''",
    'must be left out, because operator is Exists',
    'value',
  ),
  ruleOf(
    "has(self.key) || self.?operator.orValue('Equal') == 'Exists'",
    'must be Exists where there is no key',
    'operator',
  ),
  ruleOf(
    "!has(self.tolerationSeconds) || self.?effect.orValue('') == 'NoExecute'",
    'must be left out unless effect is NoExecute',
    'tolerationSeconds',
  ),
];

/** Asked for in two places they could be asked for in two numbers. */
export const workerRules: readonly ValidationRule[] = (['requests', 'limits'] as const).map(
  (kind) =>
    ruleOf(
      `!has(self.resources) || !has(self.resources.${kind}) || !(self.gpuResource in self.resources.${kind})`,
      'must be without worker.gpuResource: worker.gpus says how many there are',
      `resources.${kind}`,
    ),
);

export const podLabelRules: readonly ValidationRule[] = [
  ruleOf(
    `self.all(name, !${celList(ownLabelPrefixes)}.exists(own, name.startsWith(own)))`,
    `must be without names that begin with ${ownLabelPrefixes.map(celText).join(', ')}, which say whose a pod is`,
  ),
];
