/**
 * Operators that are signed in. A browser gives the cookies of 127.0.0.1 to every port of it, so also to the server
 * of somebody else on this machine: a session is a cookie that no script reads and a proof that no other
 * port is told, and neither is of use alone.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type Millis, millis } from '../../../../shared/units.js';
import { isToken } from '../access.js';

/** A working day: who leaves a browser open does not leave it open for ever. */
export const sessionLifetime: Millis = millis(8 * 3600 * 1000);
/** People who run one training; the oldest leaves for a newcomer, who has the token too. */
export const sessionsMax = 32;
/** Of all together: a token of 16 characters is not guessed at ten a minute, and a log is not filled. */
export const failedTriesMax = 10;
export const failedTriesWindow: Millis = millis(60_000);
/** Of a name, with which it fits into an entry of the run's log. */
export const operatorNameMax = 64;

export interface NewSession {
  readonly cookie: string;
  readonly proof: string;
  readonly name: string;
}

export type SignIn =
  | { readonly kind: 'signed-in'; readonly session: NewSession }
  | { readonly kind: 'wrong'; readonly why: string }
  | { readonly kind: 'too-many'; readonly why: string; readonly wait: Millis };

interface Session {
  readonly proof: string;
  readonly name: string;
  readonly until: number;
}

export class OperatorSessions {
  readonly #token: string;
  /** By the digest of its cookie, so that no comparison of texts tells how much of one was right. */
  readonly #sessions = new Map<string, Session>();
  #failedAt: Millis[] = [];

  constructor(token: string) {
    this.#token = token;
  }

  signIn(now: Millis, token: string, name: string): SignIn {
    this.#failedAt = this.#failedAt.filter((at) => now - at < failedTriesWindow);
    const [oldest] = this.#failedAt;
    // A right one is refused too, or else the limit would limit nothing.
    if (oldest !== undefined && this.#failedAt.length >= failedTriesMax) {
      const wait = millis(oldest + failedTriesWindow - now);
      const seconds = Math.ceil(wait / 1000);
      const why = `there were ${failedTriesMax} wrong tokens within a minute: try again in ${seconds} s`;
      return { kind: 'too-many', why, wait };
    }
    if (!isToken(token, this.#token)) {
      this.#failedAt.push(now);
      return { kind: 'wrong', why: 'this is not the token of the operators' };
    }
    const session = { cookie: secret(), proof: secret(), name: shownName(name) };
    this.#remember(now, session);
    return { kind: 'signed-in', session };
  }

  /** The name of who is signed in by these; null where nobody is. */
  nameOf(now: Millis, cookie: string, proof: string): string | null {
    const session = this.#sessions.get(digestOf(cookie));
    if (session === undefined || now >= session.until) return null;
    return isToken(proof, session.proof) ? session.name : null;
  }

  signOut(cookie: string): void {
    this.#sessions.delete(digestOf(cookie));
  }

  #remember(now: Millis, { cookie, name, proof }: NewSession): void {
    for (const [key, { until }] of this.#sessions) {
      if (now >= until) this.#sessions.delete(key);
    }
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= sessionsMax && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(digestOf(cookie), { proof, name, until: now + sessionLifetime });
  }
}

const secret = (): string => randomBytes(32).toString('base64url');

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** In logs and pages: one line, and not for ever. */
function shownName(typed: string): string {
  const name = typed
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, operatorNameMax)
    .trim();
  return name === '' ? 'operator' : name;
}
