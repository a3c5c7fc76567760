/** The words of `bench survey`, as one complete type. */
import { parseArgs } from 'node:util';
import { type EngineName, engineNames } from '../worker/engine/engine.js';
import { engineNamed, positiveInteger } from './step-options.js';

export interface SurveyOptions {
  readonly batch: string;
  readonly engines: readonly EngineName[];
  readonly threads: number;
  readonly steps: number;
}

/** Left out unless named: it computes in JavaScript, and a step takes minutes. */
const slowEngines: readonly EngineName[] = ['cpu'];

export const surveyUsage =
  'usage: bench survey --batch PREFIX [--engine NAME ...] [--threads T] [--steps N]';

/** @throws Error naming the option, its value and the rule. */
export function parseSurveyOptions(args: readonly string[]): SurveyOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      batch: { type: 'string' },
      engine: { type: 'string', multiple: true },
      threads: { type: 'string', default: '2' },
      steps: { type: 'string', default: '3' },
    },
  });
  if (values.batch === undefined) throw new Error('--batch is missing');
  return {
    batch: values.batch,
    engines:
      values.engine?.map((name) => engineNamed('--engine', name)) ??
      engineNames.filter((name) => !slowEngines.includes(name)),
    threads: positiveInteger('--threads', values.threads),
    steps: positiveInteger('--steps', values.steps),
  };
}
