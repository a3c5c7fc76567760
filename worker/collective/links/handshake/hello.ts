/** What a dialling process says of itself in the headers of its upgrade request, and the answer to it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Generation, Rank } from '../../../../shared/ids.js';

export type Hello =
  /** A member that wants to hear another one of its generation. */
  | {
      readonly purpose: 'links';
      readonly generation: Generation;
      /** Who dials. */
      readonly from: Rank;
      /** Who is meant: another worker may have got the address meanwhile. */
      readonly to: Rank;
    }
  /** A worker that wants a copy of the state. */
  | { readonly purpose: 'state' };

/** 32 bytes in base64url: what a nonce and a proof look like. */
export const isToken = (text: unknown): text is string =>
  typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text);

/** With what shows that the dialler knows the secret. */
export interface SignedHello {
  readonly hello: Hello;
  readonly nonce: string;
  readonly proof: string;
}

export const pathOf = ({ purpose }: Hello): string => `/${purpose}`;

export const isPath = (path: string | undefined): boolean => path === '/links' || path === '/state';

export const headerNames = {
  generation: 'x-lockstep-generation',
  from: 'x-lockstep-from',
  to: 'x-lockstep-to',
  nonce: 'x-lockstep-nonce',
  proof: 'x-lockstep-proof',
} as const;

export function helloHeaders({ hello, nonce, proof }: SignedHello): Record<string, string> {
  return {
    ...(hello.purpose === 'links' && {
      [headerNames.generation]: String(hello.generation),
      [headerNames.from]: String(hello.from),
      [headerNames.to]: String(hello.to),
    }),
    [headerNames.nonce]: nonce,
    [headerNames.proof]: proof,
  };
}

/** Null where a field is missing or malformed. */
export function readHello(
  path: string | undefined,
  headers: IncomingHttpHeaders,
): SignedHello | null {
  const nonce = headers[headerNames.nonce];
  const proof = headers[headerNames.proof];
  if (!isToken(nonce) || !isToken(proof)) return null;
  if (path === '/state') return { hello: { purpose: 'state' }, nonce, proof };
  const number = (name: string): number => {
    const text = headers[name];
    return typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  };
  const generation = number(headerNames.generation) as Generation;
  const [from, to] = [number(headerNames.from) as Rank, number(headerNames.to) as Rank];
  if (path !== '/links' || Number.isNaN(generation + from + to)) return null;
  return { hello: { purpose: 'links', generation, from, to }, nonce, proof };
}

/** A membership that a member accepts connections for. */
export interface Expected {
  readonly generation: Generation;
  /** The own rank. */
  readonly rank: Rank;
  readonly members: number;
}

/** `later` is for a peer that is ahead: it tries again until its deadline. */
export type Verdict =
  | { readonly kind: 'welcome' }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Of a member that has shown that it knows the secret.
 *
 * @param open those that connections are accepted for
 * @param newest that was ever formed here; null before the first
 */
export function judgeHello(
  { generation, from, to }: Extract<Hello, { purpose: 'links' }>,
  open: ReadonlyMap<Generation, Expected>,
  newest: Generation | null,
): Verdict {
  if (newest === null) return { kind: 'later', reason: 'no generation has been formed here yet' };
  if (generation > newest) {
    return { kind: 'later', reason: `generation ${generation} has not been formed here yet` };
  }
  const expected = open.get(generation);
  if (expected === undefined) {
    return refused(`generation ${generation} is over: the newest is ${newest}`);
  }
  if (to !== expected.rank) return refused(`this is rank ${expected.rank}: rank ${to} was meant`);
  if (from >= expected.members || from === to) {
    return refused(`rank ${from} is no peer of rank ${expected.rank}`);
  }
  return { kind: 'welcome' };
}

const refused = (reason: string): Verdict => ({ kind: 'refused', reason });
