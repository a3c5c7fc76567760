import { addon } from './addon.mjs';
import { compiled } from './compiled.mjs';
import { npmPackages } from './npm-packages.mjs';
import { pythonPackages } from './python-packages.mjs';

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
    usesTorch: true,
  }),
  compiled,
];
