import { findBackend, registerBackend } from '@tensorflow/tfjs-core';
import type { Engine, EngineOptions } from '../engine.js';
import { loadNative } from './native.js';
import { TorchBackend } from './torch-backend.js';
import { registerTorchKernels } from './torch-kernels.js';

/** libtorch, through the addon that `npm run setup` builds. */
export function openTorch(options: EngineOptions): Engine {
  const { threads, deterministic = true, tf32 = false } = options;
  const native = loadNative();
  const device = native.open({ threads, deterministic, tf32, hostPasses: 'blocks' });
  if (findBackend('torch') === null) {
    registerTorchKernels();
    registerBackend('torch', () => new TorchBackend(native, options));
  }
  return {
    name: 'torch',
    threads,
    device,
    version: `libtorch ${native.version()}`,
    tensorBytes: () => native.memory().bytes,
  };
}
