import { findBackend, registerBackend } from '@tensorflow/tfjs-core';
import type { Engine, EngineOptions } from '../engine.js';
import { loadNative } from './native.js';
import { TorchBackend } from './torch-backend.js';
import { registerTorchKernels } from './torch-kernels.js';

/** libtorch, through the addon that `npm run setup` builds. */
export function openTorch({ threads }: EngineOptions): Engine {
  const native = loadNative();
  native.setThreads(threads);
  if (findBackend('torch') === null) {
    registerTorchKernels();
    registerBackend('torch', () => new TorchBackend(native));
  }
  return {
    name: 'torch',
    threads,
    version: `libtorch ${native.version()}`,
    tensorBytes: () => native.memory().bytes,
  };
}
