import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setThreadsCount, setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { EngineUnavailableError } from '../../../process/engine-files.js';
import type { Engine } from '../engine.js';

/** WebAssembly with XNNPACK: several times faster than `cpu`, and still needs no compiler. */
export function openWasm(): Engine {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  const binary = join(folder, 'tfjs-backend-wasm-simd.wasm');
  if (!existsSync(binary)) {
    throw new EngineUnavailableError('wasm', `${binary} is missing`, 'run `npm run setup`');
  }
  setWasmPaths(`${folder}/`);
  // The package's threads are browser workers, which Node does not have.
  setThreadsCount(1);
  return {
    name: 'wasm',
    threads: 1,
    device: 'cpu',
    version: `tfjs-wasm ${version_wasm}`,
    tensorBytes: () => null,
  };
}
