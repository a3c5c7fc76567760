#!/usr/bin/env node
/**
 * Makes the checkout runnable: npm packages, Python packages, addons, compiled TypeScript. Each step
 * knows by a digest of what it reads whether it has anything to do, so a second run costs
 * milliseconds. Plain JavaScript without dependencies: it runs before there are any.
 *
 *   node tools/setup.mjs [--quiet]
 *
 * Exit codes: 0 ready, 1 a step failed, 2 wrong usage, 3 something must be installed first.
 */
import { lockSetup } from './setup/lock.mjs';
import { missingTools, nodeIsTooOld } from './setup/prerequisites.mjs';
import { StepFailedError } from './setup/step-failed-error.mjs';
import { steps } from './setup/steps.mjs';

const words = process.argv.slice(2);
const quiet = words.includes('--quiet');
const say = quiet ? () => {} : (line) => console.log(line);

async function main() {
  const unknown = words.find((word) => word !== '--quiet');
  if (unknown !== undefined) {
    console.error(`Cannot set up: ${unknown} is no option: the only one is --quiet`);
    return 2;
  }
  if (nodeIsTooOld !== null) return refuse([nodeIsTooOld]);
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
