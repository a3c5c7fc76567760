import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';

/** No nats-server can be found on this machine. */
export class NatsServerMissingError extends Error {
  override readonly name = 'NatsServerMissingError';
  readonly code = 'NATS_SERVER_MISSING';
}

const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The nats-server to start: LOCKSTEP_NATS_SERVER, else the one that set-up installed, else the first
 * on PATH. Set-up installs none where PATH has a usable one.
 *
 * @throws NatsServerMissingError
 */
export function findNatsServer(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment.LOCKSTEP_NATS_SERVER;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new NatsServerMissingError(
      `Cannot start nats-server: LOCKSTEP_NATS_SERVER must name an executable file: current value is "${chosen}"`,
    );
  }
  const installed = fileURLToPath(new URL(`.venv/bin/${name}`, projectRoot));
  if (existsSync(installed)) return installed;
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new NatsServerMissingError(
    'Cannot start nats-server: it is neither in .venv/bin nor on PATH: run "npm run setup"',
  );
}
