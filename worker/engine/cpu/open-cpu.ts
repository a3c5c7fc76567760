import '@tensorflow/tfjs-backend-cpu';
import { findBackend, version_core } from '@tensorflow/tfjs-core';
import type { Engine } from '../engine.js';

/** Plain JavaScript: slow, exact, needs nothing. */
export function openCpu(): Engine {
  // On its first use the backend advertises another package on stderr unless this says otherwise.
  Object.assign(findBackend('cpu'), { firstUse: false });
  return {
    name: 'cpu',
    threads: 1,
    device: 'cpu',
    version: `tfjs-cpu ${version_core}`,
    tensorBytes: () => null,
  };
}
