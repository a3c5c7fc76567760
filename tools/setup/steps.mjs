import { addon } from './addon.mjs';
import { compiled } from './compiled.mjs';
import { againstTensorflow, againstTorch } from './libraries.mjs';
import { npmPackages } from './npm-packages.mjs';
import { tensorflow } from './paths.mjs';
import { pythonPackages, s3ServerPackage } from './python-packages.mjs';
import { tensorflowLibrary, tensorflowPackages } from './tensorflow-packages.mjs';

/**
 * In the order in which they need each other. A step is
 *   name;
 *   needs(): names of the tools in prerequisites.mjs that its run will call;
 *   isStale(): whether it has anything to do, within milliseconds;
 *   run(say): does it; @returns what it did, in a few words; @throws StepFailedError.
 */
export const steps = [
  npmPackages,
  pythonPackages,
  addon({ name: 'arithmetic addon', folder: 'worker/arithmetic/native', build: 'arithmetic' }),
  addon({
    name: 'torch addon',
    folder: 'worker/engine/torch/native',
    build: 'torch',
    takes: 'a minute or two on two cores',
    against: againstTorch,
  }),
  compiled,
];

/** What `--tests` adds. */
export const stepsOfTests = [s3ServerPackage];

/**
 * What `--engine <name>` adds: engines that not everyone needs, for their size. The two of torch only
 * choose between its builds.
 */
export const stepsOfEngine = {
  'torch-cuda': [],
  'torch-cpu': [],
  tensorflow: [
    tensorflowPackages,
    tensorflowLibrary,
    addon({
      name: 'tensorflow addon',
      folder: 'worker/engine/tensorflow/native',
      build: 'tfjs_binding',
      output: tensorflow.addon,
      against: againstTensorflow,
    }),
  ],
};
