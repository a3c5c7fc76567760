/**
 * Where a job's leader reports to, from the environment: an address, and the file of the key that
 * signs what is sent. Both or neither.
 */
import { readFileSync } from 'node:fs';
import { readReportKey } from '../../shared/messages/job-report-seal.js';
import { OptionError } from '../options.js';

const urlVariable = 'LOCKSTEP_REPORT_URL';
const keyVariable = 'LOCKSTEP_REPORT_KEY_FILE';

export interface ReportOptions {
  readonly url: URL;
  /** The last part of the address: whose run it is, as the receiver names it. */
  readonly uid: string;
  readonly key: Uint8Array;
}

/**
 * Null where nobody wants reports.
 *
 * @throws OptionError that names the variable or the file, and never the key
 */
export function readReportOptions(
  environment: NodeJS.ProcessEnv = process.env,
): ReportOptions | null {
  const { [urlVariable]: address = '', [keyVariable]: file = '' } = environment;
  if (address === '' && file === '') return null;
  if (address === '' || file === '') {
    const missing = address === '' ? urlVariable : keyVariable;
    throw new OptionError(
      `Cannot start: ${urlVariable} and ${keyVariable} belong together: ${missing} is missing`,
    );
  }
  const url = urlOf(address);
  const uid = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  return { url, uid, key: keyOf(file) };
}

const rule = 'must be http://HOST[:PORT]/PATH/UID or https://..., without a user or a query';

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === '' &&
    /\/[A-Za-z0-9._-]{1,128}$/.test(url.pathname);
  if (isPlain) return url;
  // Not the value: a password may stand in it.
  throw new OptionError(`Cannot start: ${urlVariable} ${rule}`);
}

function keyOf(file: string): Uint8Array {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OptionError(
      `Cannot start: ${keyVariable} must name a file that can be read: ${(cause as Error).message}`,
      { cause },
    );
  }
  const key = readReportKey(text);
  if (key !== null) return key;
  throw new OptionError(
    `Cannot start: the file ${file} of ${keyVariable} must hold at least 16 bytes in hexadecimal ` +
      'digits, such as `openssl rand -hex 32` prints',
  );
}
