/**
 * Rules between fields, as the API server checks them: what `shared/job-spec/rules/` says, as far as CEL
 * can. A job that passes here and not there gets the condition Failed with the reason InvalidSpec.
 */
import type { ValidationRule } from '../schema/schema-types.js';
import { atMostOne, exactlyOne } from './cel.js';
import { absolutePath, podLabelRules, tolerationRules, workerRules } from './cluster-rules.js';
import { immutabilityRules } from './immutable-fields.js';
import { decoderRules, modelRules, pretrainedRules, ropeScalingRules } from './model-rules.js';
import { objectiveRules, ownObjectiveRules } from './objective-rules.js';
import { stageRules } from './stage-rules.js';
import {
  bestRules,
  changeRules,
  engineRules,
  guardRules,
  sizeRules,
  warmupRules,
  workersRules,
} from './training-rules.js';

/** Path of a mapping, as `spec.stages[].optimizer`, -> its rules. */
type RuleTable = Readonly<Record<string, readonly ValidationRule[]>>;

const towers: RuleTable = Object.fromEntries(
  ['spec.model.item', 'spec.model.user'].flatMap((tower) => [
    [tower, decoderRules],
    [`${tower}.ropeScaling`, ropeScalingRules],
    [`${tower}.pretrained`, pretrainedRules],
  ]),
);

const duration = [atMostOne(['epochs', 'steps'])];

export const ruleTable: RuleTable = {
  spec: [
    ...immutabilityRules(),
    ...sizeRules,
    ...warmupRules,
    ...bestRules,
    ...changeRules,
    ...ownObjectiveRules,
    ...stageRules,
  ],
  'spec.data': [exactlyOne(['dataset', 'path']), absolutePath('path')],
  'spec.model': modelRules,
  ...towers,
  'spec.init': [absolutePath('from')],
  'spec.stages[].objective': objectiveRules,
  'spec.duration': duration,
  'spec.stages[].duration': duration,
  'spec.workers': workersRules,
  'spec.engine': engineRules,
  'spec.guard': guardRules,
  'spec.kubernetes.checkpoints': [exactlyOne(['claim', 'volume', 's3'])],
  'spec.kubernetes.coordinator.tolerations[]': tolerationRules,
  'spec.kubernetes.worker.tolerations[]': tolerationRules,
  'spec.kubernetes.worker': workerRules,
  'spec.kubernetes.podLabels': podLabelRules,
};
