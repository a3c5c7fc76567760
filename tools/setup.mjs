#!/usr/bin/env node
/**
 * Makes the checkout runnable: npm packages, Python packages, addons, compiled TypeScript. Each step
 * knows by a digest of what it reads whether it has anything to do, so a second run costs
 * milliseconds. Plain JavaScript without dependencies: it runs before there are any.
 *
 *   node tools/setup.mjs [--quiet] [--tests] [--engine tensorflow] [--engine torch-cuda | torch-cpu]
 *
 * `--tests` also sets up what only tests need: an S3 server.
 * `--engine` also sets up an engine that is left out otherwise, or chooses a build of torch instead of
 * the one that fits the machine's driver.
 *
 * Exit codes: 0 ready, 1 a step failed, 2 wrong usage, 3 something must be installed first.
 */
import { parseArgs } from 'node:util';
import { lockSetup } from './setup/lock.mjs';
import { missingTools, nodeIsTooOld } from './setup/prerequisites.mjs';
import { StepFailedError } from './setup/step-failed-error.mjs';
import { steps as basicSteps, stepsOfEngine, stepsOfTests } from './setup/steps.mjs';
import { chooseTorch } from './setup/torch-build.mjs';

const options = parseOptions(process.argv.slice(2));
const say = options.quiet ? () => {} : (line) => console.log(line);
const steps = [
  ...basicSteps,
  ...(options.tests ? stepsOfTests : []),
  ...options.engines.flatMap((name) => stepsOfEngine[name]),
];

async function main() {
  if (options.problem !== null) {
    console.error(`Cannot set up: ${options.problem}`);
    return 2;
  }
  if (nodeIsTooOld !== null) return refuse([nodeIsTooOld]);
  for (const name of options.engines) {
    if (name.startsWith('torch-')) chooseTorch(name.slice('torch-'.length));
  }
  if (staleSteps().length === 0) return 0;
  const unlock = await lockSetup(say);
  try {
    // Asked again: whoever held the lock may have done it all meanwhile.
    const stale = staleSteps();
    const missing = await missingTools(new Set(stale.flatMap((step) => step.needs())));
    if (missing.length > 0) return refuse(missing);
    for (const step of stale) await run(step);
    return 0;
  } finally {
    unlock();
  }
}

/** `problem` is for the user, or null. */
function parseOptions(words) {
  const optional = Object.keys(stepsOfEngine);
  const problem = (text) => ({ quiet: false, tests: false, engines: [], problem: text });
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        quiet: { type: 'boolean' },
        tests: { type: 'boolean' },
        engine: { type: 'string', multiple: true },
      },
    });
    const engines = values.engine ?? [];
    const unknown = engines.find((name) => !optional.includes(name));
    return unknown === undefined
      ? { quiet: values.quiet ?? false, tests: values.tests ?? false, engines, problem: null }
      : problem(`--engine must be one of ${optional.join(', ')}: current value is "${unknown}"`);
  } catch (error) {
    return problem(`${error.message}: the options are --quiet, --tests and --engine`);
  }
}

const staleSteps = () => steps.filter((step) => step.isStale());

async function run(step) {
  // An earlier step of this run may have brought what this one wanted; or the opposite.
  if (!step.isStale()) return;
  const startedAt = performance.now();
  const did = await step.run(say);
  const seconds = (performance.now() - startedAt) / 1000;
  say(`setup: ${step.name.padEnd(18)} ${did} (${seconds.toFixed(1)} s)`);
}

function refuse(lines) {
  for (const line of lines) console.error(line);
  return 3;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof StepFailedError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
