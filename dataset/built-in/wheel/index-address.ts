/** Which package index is asked: the environment says, in pip's variable or in one of our own. */
import { DatasetError } from '../../dataset-error.js';

/** Asked without pip, whatever else is set. */
export const indexVariable = 'LOCKSTEP_PACKAGE_INDEX';

/** Where pip looks too, when nobody has said anything. */
const usualIndex = 'https://pypi.org/simple';

export interface IndexAddress {
  /** Ends with a slash, and may hold a user and a password. */
  readonly url: URL;
  /** What has set it; null: nothing. */
  readonly variable: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws DatasetError that names the variable and the rule */
export function indexAddress(environment: Environment): IndexAddress {
  const variable = [indexVariable, 'PIP_INDEX_URL'].find((name) => environment[name]) ?? null;
  const text = variable === null ? usualIndex : (environment[variable] as string);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    // Not the value: it may hold a password.
    throw new DatasetError(
      'BAD_OPTION',
      `Cannot ask a package index: ${variable} must be the address of one: http://… or https://…`,
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return { url, variable };
}

/** For messages: without user and password. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
