import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { torchKernelNames } from '../torch-kernels.js';
import type { Outcome } from './outcome.js';
import { kernelsLeftOut, refusesStrings, skippedTests } from './skips.js';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

// tfjs-core 4.22.0 has so many that need nothing which is left out.
const passedAtLeast = 2800;

/** In a process of its own, where imports of tfjs-core are resolved in another way. */
function runPublishedTests(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const child = fork(file('./run.js'), {
    execArgv: ['--import', new URL('./register.js', import.meta.url).href],
    // tfjs-core's tests warn a lot; what matters comes as messages.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaints = '';
  child.stderr?.on('data', (text) => {
    complaints += text;
  });
  child.on('message', (outcome) => outcomes.push(outcome as Outcome));
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => {
      if (code === 0) resolve(outcomes);
      else reject(new Error(`The tests ended with ${code ?? signal}: ${complaints.slice(-2000)}`));
    });
  });
}

/** A failure that says nothing about the kernels that the engine has. */
function isLeftOut(failure: string): boolean {
  const kernel = /Kernel '(\w+)' not registered/.exec(failure)?.[1];
  return (kernel !== undefined && kernelsLeftOut.has(kernel)) || refusesStrings.test(failure);
}

const isExplained = ({ name, failures }: Outcome): boolean =>
  skippedTests.has(name) || (failures.length > 0 && failures.every(isLeftOut));

describe("tfjs-core's published tests on the torch engine", () => {
  let outcomes: Outcome[];
  before(async () => {
    outcomes = await runPublishedTests();
  });

  // Would catch a kernel, or one of our gradients, that means something else than tfjs-core does.
  it('pass wherever the engine has the kernels', (context) => {
    const failed = outcomes.filter((outcome) => !outcome.passed);
    const passed = outcomes.length - failed.length;
    context.diagnostic(`${outcomes.length} ran, ${passed} passed, ${failed.length} left out`);
    assert.deepEqual(
      failed.filter((outcome) => !isExplained(outcome)),
      [],
    );
  });

  // Would catch a kernel that was lost, after which its tests would count as left out.
  it('are as many as the engine once passed', () => {
    const passed = outcomes.filter((outcome) => outcome.passed).length;
    assert.ok(passed >= passedAtLeast, `${passed} passed: should be at least ${passedAtLeast}`);
  });

  // Would catch a reason that has outlived what it excuses.
  it('are left out for reasons that still hold', () => {
    const failed = new Set(outcomes.filter(({ passed }) => !passed).map(({ name }) => name));
    assert.deepEqual(
      [...skippedTests.keys()].filter((name) => !failed.has(name)),
      [],
    );
    assert.deepEqual(
      torchKernelNames.filter((name) => kernelsLeftOut.has(name)),
      [],
    );
  });
});
