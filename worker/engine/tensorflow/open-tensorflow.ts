import { memory } from '@tensorflow/tfjs-core';
import type { Engine, EngineOptions } from '../engine.js';
import { overrideGradients } from '../gradients/register-gradients.js';
import { loadTfjsNode } from './tfjs-node.js';

/** TensorFlow makes one pool of threads for the whole process, when it is loaded. */
let threadsOfProcess: number | null = null;

/** TensorFlow, through the package @tensorflow/tfjs-node-gpu: on a GPU where it finds one. */
export function openTensorflow(options: EngineOptions): Engine {
  threadsOfProcess ??= setEnvironment(options);
  const binding = loadTfjsNode();
  // The package brings tfjs-core's own gradients and has just put them in the place of ours.
  overrideGradients();
  return {
    name: 'tensorflow',
    threads: threadsOfProcess,
    version: `TensorFlow ${binding.TF_Version}`,
    device: binding.isUsingGpuDevice() ? 'cuda' : 'cpu',
    tensorBytes: () => memory().numBytes,
  };
}

/** TensorFlow reads these when it is loaded, and nothing of the addon can change them later. */
function setEnvironment({ threads, deterministic = true }: EngineOptions): number {
  Object.assign(process.env, {
    TF_NUM_INTRAOP_THREADS: String(threads),
    // Operations come one by one, so a second one never runs beside the first.
    TF_NUM_INTEROP_THREADS: '1',
    // TensorFlow itself warns that oneDNN's operations may add in another order; no time is lost.
    TF_ENABLE_ONEDNN_OPTS: '0',
    // For a GPU: kernels that add in one order, products of whole float32 numbers, and room for the
    // other workers, which TensorFlow would else take when it starts.
    TF_DETERMINISTIC_OPS: deterministic ? '1' : '0',
    NVIDIA_TF32_OVERRIDE: '0',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  });
  // Errors only; whoever looks for something may say otherwise.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  return threads;
}
