/** What computes, and how exactly. */
import { z } from 'zod';
import { choice, integer } from '../fields.js';

export const engine = z.strictObject({
  name: choice(
    ['torch', 'cpu', 'wasm', 'tensorflow'],
    'What computes: libtorch, a plain JavaScript or WebAssembly backend, or TensorFlow where ' +
      'it is set up.',
  ).default('torch'),
  threads: integer(
    '[1, 256]',
    'Threads of the engine in each worker; part of the job’s identity, because it decides ' +
      'the order of sums.',
  ).default(1),
  precision: choice(
    ['f32', 'tf32', 'bf16'],
    'Number format of the layers’ matrix products: `tf32` rounds their operands where a CUDA ' +
      'device can; `bf16` has activations in 16 bits too. Weights, gradients, the residual ' +
      'stream and the loss are f32. Both need the engine `torch`.',
  ).default('f32'),
  mode: choice(
    ['exact', 'fast'],
    '`exact`: only kernels that give the same bits again, and the run ends where the engine has ' +
      'none. `fast` gives up the promise that the result does not depend on the cluster.',
  ).default('exact'),
  activations: choice(
    ['keep', 'layer', 'lane'],
    'What waits for the backward: all activations, each layer’s input (a layer runs again), or ' +
      'nothing (the Item LLM of a lane runs again). Less memory, more time, the same result.',
  ).default('keep'),
});
