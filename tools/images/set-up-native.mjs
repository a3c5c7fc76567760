#!/usr/bin/env node
/**
 * Inside the build of a worker's image: libtorch and the addons, as set-up makes them, before there is
 * any code that would be built again with each change.
 *
 *   node tools/images/set-up-native.mjs cpu|cuda
 */
import { StepFailedError } from '../setup/step-failed-error.mjs';
import { steps } from '../setup/steps.mjs';
import { chooseTorch } from '../setup/torch-build.mjs';

const native = ['python packages', 'arithmetic addon', 'torch addon'];

chooseTorch(process.argv[2]);
// No image but NATS's own has a nats-server.
process.env.LOCKSTEP_NATS_SERVER = '/bin/true';
try {
  for (const step of steps.filter(({ name }) => native.includes(name))) {
    console.log(`${step.name}: ${await step.run(console.log)}`);
  }
} catch (error) {
  if (!(error instanceof StepFailedError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
