/**
 * Who may look at the dashboard. On loopback everyone on the machine may, by a name of loopback only, so
 * that no foreign page reads it through a name of its own. Elsewhere a token is required; it comes with
 * the address once and is a cookie from then on.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../../../process/addresses/announced-address.js';
import { readTokenFile } from '../../../process/metrics/metrics-access.js';
import { OptionError } from '../../../process/options.js';
import { cookieOf } from './cookies.js';

export const viewersTokenVariable = 'LOCKSTEP_DASHBOARD_TOKEN_FILE';

export interface DashboardAccess {
  /** Null: whoever reaches it on loopback. */
  readonly token: string | null;
}

export const cookieName = 'lockstep_dashboard';

/**
 * For a server on that host.
 *
 * @throws OptionError where strangers could reach it and no token is set
 */
export function readDashboardAccess(
  host: string,
  environment: NodeJS.ProcessEnv = process.env,
): DashboardAccess {
  const file = environment[viewersTokenVariable] ?? '';
  if (file !== '') return { token: readTokenFile(viewersTokenVariable, file) };
  if (isLoopback(host)) return { token: null };
  throw new OptionError(
    `Cannot serve the dashboard on ${host}, which can be reached from other machines: ${viewersTokenVariable} ` +
      'must name a file with a token, such as `openssl rand -hex 32` prints',
  );
}

export type Decision =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'refused'; readonly why: string };

export function decideAccess(
  { token }: DashboardAccess,
  request: Pick<IncomingMessage, 'headers'>,
): Decision {
  const { authorization, cookie, host } = request.headers;
  if (token === null) {
    if (isLoopbackHost(host ?? '')) return { kind: 'allowed' };
    return { kind: 'refused', why: `this server answers to loopback, not to "${host ?? ''}"` };
  }
  const [, bearer = ''] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  const shown = [bearer, cookieOf(cookie, cookieName)];
  if (shown.some((one) => one !== '' && isToken(one, token))) return { kind: 'allowed' };
  return { kind: 'refused', why: 'open the address that has the token in it' };
}

/** @returns whether it is the token; takes the same time whatever differs */
export const isToken = (shown: string, token: string): boolean =>
  timingSafeEqual(digestOf(shown), digestOf(token));

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function isLoopbackHost(header: string): boolean {
  const name = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isLoopback(name);
}
