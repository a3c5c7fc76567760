/** Rules of `spec` where it has stages. */
import type { ValidationRule } from '../schema/schema-types.js';
import { isGiven, ruleOf, valueOr } from './cel.js';
import { layersOf } from './model-rules.js';
import { kindOf } from './objective-rules.js';

const everyStage = (rule: string): string => `!has(self.stages) || self.stages.all(stage, ${rule})`;

const objectiveKind = `(has(stage.objective) ? ${kindOf('stage.objective')} : ${kindOf('self.objective')})`;

const trains = (tower: 'item' | 'user'): string =>
  `(${isGiven('stage', `train.${tower}`)} ? ${valueOr('stage', `train.${tower}.kind`, 'all')} : ` +
  `${valueOr('self', `model.${tower}.train.kind`, 'all')})`;

const lastLayers = (tower: 'item' | 'user'): ValidationRule =>
  ruleOf(
    `${isGiven('self', `model.${tower}.pretrained`)} || ` +
      everyStage(`${valueOr('stage', `train.${tower}.layers`, 1)} <= ${layersOf(tower)}`),
    `must have at most the layers of model.${tower} in train.${tower}.layers`,
    'stages',
  );

export const stageRules: readonly ValidationRule[] = [
  ruleOf(
    everyStage('self.stages.exists_one(other, other.name == stage.name)'),
    'must have another name in each stage',
    'stages',
  ),
  ruleOf(
    '!has(self.stages) || !(has(self.duration.epochs) || has(self.duration.steps))',
    'must be left out: each stage has its own',
    'duration',
  ),
  ruleOf(
    '!has(self.stages) || !has(self.evaluation.patience)',
    'must be left out, because stages end where the job says',
    'evaluation.patience',
  ),
  ruleOf(
    "!has(self.stages) || !['early-fusion', 'late-fusion'].all(fusion, " +
      `self.stages.exists(stage, ${objectiveKind} == fusion))`,
    'must have one kind of fusion in the objectives of all stages: a job has the head of one',
    'stages',
  ),
  ruleOf(
    everyStage(
      `${trains('item')} != 'nothing' || ${trains('user')} != 'nothing' || ` +
        `${objectiveKind} != 'generative'`,
    ),
    'must train something in each stage: with both models frozen, the objective generative has no head',
    'stages',
  ),
  ruleOf(
    everyStage(
      '!has(stage.duration.steps) || (has(stage.optimizer) ? ' +
        `${valueOr('stage', 'optimizer.schedule.warmupSteps', 0)} : ` +
        `${valueOr('self', 'optimizer.schedule.warmupSteps', 0)}) <= stage.duration.steps`,
    ),
    'must have at most duration.steps in optimizer.schedule.warmupSteps',
    'stages',
  ),
  lastLayers('item'),
  lastLayers('user'),
];
