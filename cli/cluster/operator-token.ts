/**
 * The token of whoever acts on the dashboard of a run: in a file of its folder that only the user can read who
 * started it, and who may end it anyway. It is made for this one start, stands in no output and no log, and
 * is gone when the command ends.
 */
import { randomBytes } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOperatorToken } from '../../coordinator/dashboard/server/operators/operator-access.js';
import { shownPath } from '../output/text/shown-path.js';

const fileName = 'operator.token';
const tokenBytes = 32;
const ownersOnly = 0o600;
const othersBits = 0o077;

export interface OperatorToken {
  /** Null: the environment names another one, or nobody may act. */
  readonly file: string | null;
  remove(): void;
}

const none: OperatorToken = { file: null, remove: () => undefined };

/** Below the address of the dashboard, which they are for. */
export const operatorWords = (file: string): string =>
  `operators sign in there with the token in ${shownPath(file, process.cwd())}`;

/**
 * @param output the folder of the run, which must be there and this process's own
 * @throws OptionError where the environment names a file that holds no token
 */
export function makeOperatorToken(
  output: string,
  note: (text: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): OperatorToken {
  if (readOperatorToken(environment) !== null) {
    return none;
  }
  const file = join(output, fileName);
  const remove = (): void => rmSync(file, { force: true });
  // What a killed command has left may have the rights of somebody who copied the folder.
  remove();
  writeFileSync(file, `${randomBytes(tokenBytes).toString('hex')}\n`, {
    flag: 'wx',
    mode: ownersOnly,
  });
  if ((statSync(file).mode & othersBits) !== 0) {
    remove();
    note(`nobody can act on the dashboard: others could read ${file} on this file system`);
    return none;
  }
  return { file, remove };
}
