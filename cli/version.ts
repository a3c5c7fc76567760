import { version } from '../process/version.js';
import { type ExitCode, exitCodes } from '../shared/exit-codes.js';

/** `lockstep version`. */
export async function versionCommand(): Promise<ExitCode> {
  process.stdout.write(`${version()}\n`);
  return exitCodes.success;
}
