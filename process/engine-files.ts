/** The files of an engine that set-up makes, and what is said where they are missing. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../shared/project-root.js';

/** The engine cannot run on this machine as it is; the message names the file and the remedy. */
export class EngineUnavailableError extends Error {
  override readonly name = 'EngineUnavailableError';
  readonly code = 'ENGINE_UNAVAILABLE';

  constructor(engine: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(`Cannot open the engine ${engine}: ${problem}: ${remedy}`, options);
  }
}

interface EngineFile {
  /** Below the project's root. */
  readonly path: string;
  readonly command: string;
}

/** What npm brings anyway is not among them. */
const engineFiles: Readonly<Record<'torch' | 'tensorflow', EngineFile>> = {
  torch: { path: 'build/native/lockstep_torch.node', command: 'npm run setup' },
  tensorflow: {
    path: 'build/tensorflow/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node',
    command: 'npm run setup -- --engine tensorflow',
  },
};

/** Where set-up puts the engine's addon. */
export const engineFile = (engine: keyof typeof engineFiles, root = projectRoot): string =>
  fileURLToPath(new URL(engineFiles[engine].path, root));

/** The command that sets the engine up. */
export const engineRemedy = (engine: keyof typeof engineFiles): string =>
  `run \`${engineFiles[engine].command}\``;

/** @throws EngineUnavailableError where set-up has not made the engine's files. */
export function requireEngineFile(engine: string, root = projectRoot): void {
  if (engine !== 'torch' && engine !== 'tensorflow') return;
  const file = engineFile(engine, root);
  if (existsSync(file)) return;
  throw new EngineUnavailableError(engine, `${file} is missing`, engineRemedy(engine));
}
