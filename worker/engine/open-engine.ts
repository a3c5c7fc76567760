/** Chooses an engine: imports it on demand and makes it tfjs-core's backend. */
import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { EngineUnavailableError } from '../../process/engine-files.js';
import type { Engine, EngineName, EngineOptions } from './engine.js';
import { registerGradients } from './gradients/register-gradients.js';

/**
 * Loads the engine and makes it tfjs-core's backend in this thread.
 *
 * @throws EngineUnavailableError if a file of the engine is missing or cannot be loaded.
 */
export async function openEngine(name: EngineName, options: EngineOptions): Promise<Engine> {
  registerGradients();
  const engine = await load(name, options);
  if (!(await setBackend(name)) || getBackend() !== name) {
    throw new EngineUnavailableError(name, 'its backend did not start', 'see the message above');
  }
  return engine;
}

/** Imported on demand, so that one engine's libraries are not needed to run another. */
async function load(name: EngineName, options: EngineOptions): Promise<Engine> {
  switch (name) {
    case 'torch':
      return (await import('./torch/open-torch.js')).openTorch(options);
    case 'tensorflow':
      return (await import('./tensorflow/open-tensorflow.js')).openTensorflow(options);
    case 'cpu':
      return (await import('./cpu/open-cpu.js')).openCpu();
    case 'wasm':
      return (await import('./wasm/open-wasm.js')).openWasm();
  }
}
