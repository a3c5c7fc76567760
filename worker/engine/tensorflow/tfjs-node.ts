/** The package @tensorflow/tfjs-node-gpu, where `npm run setup -- --engine tensorflow` put it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import util from 'node:util';
import { findBackend } from '@tensorflow/tfjs-core';
import {
  EngineUnavailableError,
  engineFile,
  engineRemedy,
  requireEngineFile,
} from '../../../process/engine-files.js';
import { projectRoot } from '../../../shared/project-root.js';

/** What we use of its addon. */
export interface TfjsBinding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
  executeOp(...given: unknown[]): unknown;
}

const folder = new URL('build/tensorflow/', projectRoot);
const addon = engineFile('tensorflow');
const remedy = engineRemedy('tensorflow');

/** A reason for skipping a test, or false. */
export const tensorflowIsMissing = (): string | false =>
  existsSync(addon) ? false : `engine tensorflow is not set up: ${remedy}`;

/**
 * Loads the package, which registers its backend and kernels with our tfjs-core: it has no copy.
 *
 * @throws EngineUnavailableError where it is not set up or cannot be loaded.
 */
export function loadTfjsNode(): TfjsBinding {
  requireEngineFile('tensorflow');
  // The package calls them; Node 22 warns of both and Node 23 has neither.
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
  try {
    createRequire(new URL('package.json', folder))('@tensorflow/tfjs-node-gpu');
  } catch (cause) {
    const reason = `${addon} cannot be loaded: ${(cause as Error).message}`;
    throw new EngineUnavailableError('tensorflow', reason, remedy, { cause });
  }
  const backend = findBackend('tensorflow') as unknown as { binding: TfjsBinding };
  backend.binding = withCodes(backend.binding);
  return backend.binding;
}

/** TensorFlow says in words alone that it is out of memory; callers ask for the error's code. */
function withCodes(binding: TfjsBinding): TfjsBinding {
  const executeOp = (...given: unknown[]): unknown => {
    try {
      return binding.executeOp(...given);
    } catch (error) {
      if (error instanceof Error && error.message.includes('OOM when allocating')) {
        Object.assign(error, { code: 'OUT_OF_MEMORY' });
      }
      throw error;
    }
  };
  // The addon's own properties cannot be written.
  return Object.create(binding, { executeOp: { value: executeOp } }) as TfjsBinding;
}
