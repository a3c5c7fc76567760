/** The words of `bench step`, as one complete type. */
import { parseArgs } from 'node:util';
import { type EngineName, engineNames } from '../worker/engine/engine.js';
import type { WhatTrains } from '../worker/model/parameters/what-trains.js';
import { trainingOf, trainWords } from './train-option.js';

/** What `--dtype` may be, and what `bench survey` measures. */
export const precisions = ['f32', 'bf16'] as const;

export type Precision = (typeof precisions)[number];

const modes = ['exact', 'fast'] as const;
type Mode = (typeof modes)[number];

const activations = ['keep', 'layer', 'lane'] as const;
type Activations = (typeof activations)[number];

const objectives = ['generative', 'early-fusion', 'late-fusion'] as const;
type ObjectiveKind = (typeof objectives)[number];

/** What docs/performance.md compares with the generative step. */
const usualTargets = '20';

export interface StepOptions {
  /** Path of a batch without its endings. */
  readonly batch: string;
  readonly engine: EngineName;
  readonly precision: Precision;
  readonly mode: Mode;
  readonly activations: Activations;
  readonly objective: ObjectiveKind;
  /** Of each user; 0 for the generative objective. */
  readonly targets: number;
  readonly threads: number;
  readonly steps: number;
  readonly trains: WhatTrains;
  /** Whether the embeddings of frozen items are computed once, as training does. */
  readonly cachedItems: boolean;
}

export const stepUsage =
  `usage: bench step --batch PREFIX [--engine ${engineNames.join('|')}] [--dtype ${precisions.join('|')}] ` +
  `[--mode ${modes.join('|')}] [--activations ${activations.join('|')}] ` +
  `[--objective ${objectives.join('|')}] [--targets N] [--threads T] [--steps N] ` +
  `[--train-item ${trainWords}] [--train-user ${trainWords}] [--cached-items]`;

/** @throws Error naming the option, its value and the rule. */
export function parseStepOptions(args: readonly string[]): StepOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      batch: { type: 'string' },
      engine: { type: 'string', default: 'torch' },
      dtype: { type: 'string', default: 'f32' },
      mode: { type: 'string', default: 'exact' },
      activations: { type: 'string', default: 'keep' },
      objective: { type: 'string', default: 'generative' },
      targets: { type: 'string' },
      threads: { type: 'string', default: '2' },
      steps: { type: 'string', default: '4' },
      'train-item': { type: 'string', default: 'all' },
      'train-user': { type: 'string', default: 'all' },
      'cached-items': { type: 'boolean', default: false },
    },
  });
  if (values.batch === undefined) throw new Error('--batch is missing');
  const objective = oneOf('--objective', objectives, values.objective);
  if (objective === 'generative' && values.targets !== undefined) {
    throw new Error('--targets needs an --objective with targets: current value is generative');
  }
  const trains = {
    item: trainingOf('--train-item', values['train-item']),
    user: trainingOf('--train-user', values['train-user']),
  };
  const cachedItems = values['cached-items'];
  if (cachedItems && trains.item.kind !== 'nothing') {
    throw new Error(
      `--cached-items needs --train-item nothing: current value is ${values['train-item']}`,
    );
  }
  return {
    batch: values.batch,
    engine: engineNamed('--engine', values.engine),
    precision: oneOf('--dtype', precisions, values.dtype),
    mode: oneOf('--mode', modes, values.mode),
    activations: oneOf('--activations', activations, values.activations),
    objective,
    targets:
      objective === 'generative' ? 0 : positiveInteger('--targets', values.targets ?? usualTargets),
    threads: positiveInteger('--threads', values.threads),
    steps: positiveInteger('--steps', values.steps),
    trains,
    cachedItems,
  };
}

export function engineNamed(option: string, value: string): EngineName {
  const engine = engineNames.find((name) => name === value);
  if (engine !== undefined) return engine;
  throw new Error(`${option} must be one of ${engineNames}: current value is ${value}`);
}

function oneOf<Choice extends string>(
  option: string,
  choices: readonly Choice[],
  value: string,
): Choice {
  const chosen = choices.find((name) => name === value);
  if (chosen !== undefined) return chosen;
  throw new Error(`${option} must be ${choices.join(' or ')}: current value is ${value}`);
}

export function positiveInteger(option: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new Error(`${option} must be a positive integer: current value is "${value}"`);
}
