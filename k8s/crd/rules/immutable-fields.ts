/** What must not change while a job runs: everything, but for how many work on it and how long it lives. */
import { trainingJobSchema } from '../../../shared/job-spec/schema.js';
import { inputSchemaOf } from '../schema/input-schema.js';
import type { ValidationRule } from '../schema/schema-types.js';

export const mutableFields = [
  'suspend',
  'workers',
  'activeDeadlineSeconds',
  'ttlSecondsAfterFinished',
  'maxRestarts',
] as const;

/** Transition rules of `spec`. */
export function immutabilityRules(): ValidationRule[] {
  const spec = inputSchemaOf(trainingJobSchema).properties?.spec;
  return Object.keys(spec?.properties ?? {})
    .filter((name) => !mutableFields.some((mutable) => mutable === name))
    .map((name) => ({
      rule: `has(self.${name}) == has(oldSelf.${name}) && (!has(self.${name}) || self.${name} == oldSelf.${name})`,
      message:
        `must not change: of a job only ${mutableFields.join(', ')} may; anything else makes another job, ` +
        'which needs another name',
      fieldPath: `.${name}`,
    }));
}
