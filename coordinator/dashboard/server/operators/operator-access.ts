/**
 * Who may act on a run. Looking is another right: whoever may look, on loopback too, may do nothing without
 * the operators' token. It is typed into the page and never stands in an address.
 */
import type { IncomingMessage } from 'node:http';
import { readTokenFile } from '../../../../process/metrics/metrics-access.js';
import { OptionError } from '../../../../process/options.js';
import { type Decision, isToken, viewersTokenVariable } from '../access.js';

export const operatorTokenVariable = 'LOCKSTEP_DASHBOARD_OPERATOR_TOKEN_FILE';

/**
 * Null where nobody may act.
 *
 * @throws OptionError that names the variable and the rule, and never the token
 */
export function readOperatorToken(environment: NodeJS.ProcessEnv = process.env): string | null {
  const file = environment[operatorTokenVariable] ?? '';
  if (file === '') return null;
  const token = readTokenFile(operatorTokenVariable, file);
  const viewers = environment[viewersTokenVariable] ?? '';
  if (viewers !== '' && isToken(readTokenFile(viewersTokenVariable, viewers), token)) {
    throw new OptionError(
      `Cannot start: the files of ${operatorTokenVariable} and ${viewersTokenVariable} must hold ` +
        'two tokens: with one, whoever may look could act',
    );
  }
  return token;
}

/**
 * Whether a request that changes something comes from a page of this server. Browsers send the cookies of a host to
 * whoever's page asks for it, and to all of its ports; what they say of the page no page can change.
 */
export function decideOrigin({ headers }: Pick<IncomingMessage, 'headers'>): Decision {
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'];
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return { kind: 'refused', why: 'the content type must be application/json' };
  }
  if (site !== undefined && site !== 'same-origin') {
    return { kind: 'refused', why: `only pages of this server may ask: this one is ${site}` };
  }
  if (host === '' || hostOf(origin) !== host.toLowerCase()) {
    const why = `only pages of this server may ask: the page is of "${origin ?? ''}", the server "${host}"`;
    return { kind: 'refused', why };
  }
  return { kind: 'allowed' };
}

/** Null for what is no origin of the web. */
function hostOf(origin: string | undefined): string | null {
  const [, host] = /^https?:\/\/([^/]+)$/.exec(origin ?? '') ?? [];
  return host?.toLowerCase() ?? null;
}
