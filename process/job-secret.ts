/**
 * The secret that the workers of a job prove to each other that they know. It comes from a file or the
 * environment, never from the command line, where everyone on the machine could read it.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { secretBytesMax, secretBytesMin } from '../shared/limits.js';
import { OptionError } from './options.js';

const variable = 'LOCKSTEP_SECRET';
const fileVariable = 'LOCKSTEP_SECRET_FILE';

const howToMakeOne = 'such as `openssl rand -hex 32` prints';

/**
 * Null where none is given.
 *
 * @throws OptionError that names the variable or the file, and never the secret
 */
export function readJobSecret(environment: NodeJS.ProcessEnv = process.env): Uint8Array | null {
  const { [variable]: value = '', [fileVariable]: file = '' } = environment;
  if (value !== '' && file !== '') {
    throw new OptionError(`Cannot start: ${variable} and ${fileVariable} exclude each other`);
  }
  if (file !== '') return checked(contentOf(file), `the file ${file} of ${fileVariable}`);
  return value === '' ? null : checked(value, variable);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OptionError(
      `Cannot start: ${fileVariable} must name a file that can be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function checked(text: string, where: string): Uint8Array {
  const secret = Buffer.from(text.trim());
  if (secret.length >= secretBytesMin && secret.length <= secretBytesMax) return secret;
  throw new OptionError(
    `Cannot start: ${where} must hold a secret of ${secretBytesMin} to ${secretBytesMax} bytes, ` +
      `${howToMakeOne}: it has ${secret.length}`,
  );
}

/** Sixteen digits that tell two secrets of a job apart, and from which neither can be found. */
export const secretMark = (secret: Uint8Array, job: string): string =>
  createHmac('sha256', secret).update(`lockstep secret of ${job}`).digest('hex').slice(0, 16);
