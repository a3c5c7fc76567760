/**
 * `bench survey --batch PREFIX`: the step benchmark for every engine and precision, each in a
 * process of its own, so that its peak memory is its own. One JSON line each, as it comes: what
 * `bench step` says, or why there is nothing to say. `lockstep bench` draws them as a table.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../worker/engine/engine.js';
import { type Precision, precisions } from './step-options.js';
import { parseSurveyOptions, type SurveyOptions, surveyUsage } from './survey-options.js';

export async function benchSurvey(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) {
    process.exitCode = 2;
    return;
  }
  for (const engine of options.engines) {
    for (const dtype of precisions) {
      console.log(await measure(engine, dtype, options));
    }
  }
}

/** One JSON line. */
async function measure(
  engine: EngineName,
  dtype: Precision,
  { batch, threads, steps }: SurveyOptions,
): Promise<string> {
  const program = fileURLToPath(new URL('./main.js', import.meta.url));
  const words = { batch, engine, dtype, threads, steps };
  const options = Object.entries(words).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const { code, output, errors } = await run([program, 'step', ...options]);
  const last = lastLine(output);
  if (code === 0 && last.startsWith('{')) return last;
  return JSON.stringify({ benchmark: 'step', engine, dtype, failed: reason(errors, code) });
}

interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

function run(words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output, errors }));
  });
}

/** The last line that is no frame of a stack. */
const reason = (errors: string, code: Ended['code']): string =>
  lastLine(errors.replaceAll(/^\s.*$/gm, '')) || `it ended with ${code}`;

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

function readOptions(args: string[]): SurveyOptions | null {
  try {
    return parseSurveyOptions(args);
  } catch (error) {
    console.error(`Cannot run the survey: ${(error as Error).message}\n${surveyUsage}`);
    return null;
  }
}
