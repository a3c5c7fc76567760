/** The child process of the conformance test: runs tfjs-core's tests, sends what became of each. */
import { createRequire } from 'node:module';
import { getGradient, registerGradient, unregisterGradient } from '@tensorflow/tfjs-core';
import { gradients } from '../../gradients/register-gradients.js';
import { openTorch } from '../open-torch.js';
import type { Outcome } from './outcome.js';

const require = createRequire(import.meta.url);

interface Result {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

/** Only what of jasmine is used here; its own types come with none of its packages. */
interface JasmineEnvironment {
  configure(options: {
    random: boolean;
    specFilter(spec: { getFullName(): string }): boolean;
  }): void;
  addReporter(reporter: { specDone(result: Result): void; jasmineDone(): void }): void;
  execute(): void;
}

function installJasmine(): JasmineEnvironment {
  const jasmineRequire = require('jasmine-core/lib/jasmine-core/jasmine.js');
  const jasmine = jasmineRequire.core(jasmineRequire);
  const environment = jasmine.getEnv();
  Object.assign(globalThis, jasmineRequire.interface(jasmine, environment));
  return environment;
}

/** Ours take the place of tfjs-core's, so that its tests of gradients are tests of ours. */
async function replaceGradients(): Promise<void> {
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js' as string);
  for (const gradient of gradients) {
    if (getGradient(gradient.kernelName) !== undefined) unregisterGradient(gradient.kernelName);
    registerGradient(gradient);
  }
}

async function main(): Promise<void> {
  const environment = installJasmine();
  openTorch({ threads: 1 });
  await import(
    '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js' as string
  );
  await replaceGradients();
  const helpers = await import('@tensorflow/tfjs-core/dist/jasmine_util.js' as string);
  helpers.setTestEnvs([{ name: 'torch', backendName: 'torch', flags: {}, isDataSync: true }]);
  await import('@tensorflow/tfjs-core/dist/tests.js' as string);
  environment.configure({
    random: false,
    // The rest are tests of tfjs-core itself, which no backend takes part in.
    specFilter: (spec) => spec.getFullName().includes(' torch {}'),
  });
  environment.addReporter({
    specDone({ fullName, status, failedExpectations }) {
      if (status === 'excluded' || status === 'pending') return;
      const failures = failedExpectations.map(({ message }) => message);
      send({ name: fullName.replace(' torch {}', ''), passed: status === 'passed', failures });
    },
    jasmineDone: () => process.disconnect(),
  });
  environment.execute();
}

const send = (outcome: Outcome): void => {
  process.send?.(outcome);
};

await main();
