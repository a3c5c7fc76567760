/** What a dialling member says of itself in the headers of its upgrade request, and the answer to it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Generation, Rank } from '../../../shared/ids.js';

export const linksPath = '/links';

export interface Hello {
  readonly generation: Generation;
  /** Who dials. */
  readonly rank: Rank;
  /** Proof that it belongs to the same run; empty where the network is trusted. */
  readonly token: string;
}

const names = {
  generation: 'x-lockstep-generation',
  rank: 'x-lockstep-rank',
  token: 'x-lockstep-token',
} as const;

export function helloHeaders({ generation, rank, token }: Hello): Record<string, string> {
  return {
    [names.generation]: String(generation),
    [names.rank]: String(rank),
    [names.token]: token,
  };
}

/** Null where a field is missing or malformed. */
export function readHello(headers: IncomingHttpHeaders): Hello | null {
  const number = (name: string): number => {
    const text = headers[name];
    return typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  };
  const generation = number(names.generation);
  const rank = number(names.rank);
  const token = headers[names.token];
  if (Number.isNaN(generation + rank) || typeof token !== 'string') return null;
  return { generation: generation as Generation, rank: rank as Rank, token };
}

/** A membership that a member accepts connections for. */
export interface Expected {
  readonly generation: Generation;
  /** The own rank. */
  readonly rank: Rank;
  readonly members: number;
  readonly token: string;
}

/** `later` is for a peer that is ahead: it tries again until its deadline. */
export type Verdict =
  | { readonly kind: 'welcome' }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'refused'; readonly status: 401 | 409 | 400; readonly reason: string };

/** @param open those that connections are accepted for. @param newest that was ever formed here; null before the first. */
export function judgeHello(
  hello: Hello | null,
  open: ReadonlyMap<Generation, Expected>,
  newest: Generation | null,
): Verdict {
  if (hello === null)
    return refused(400, 'the hello is malformed: should name generation and rank');
  if (newest === null) return { kind: 'later', reason: 'no generation has been formed here yet' };
  const expected = open.get(hello.generation);
  if (hello.generation > newest) {
    return { kind: 'later', reason: `generation ${hello.generation} has not been formed here yet` };
  }
  if (expected === undefined) {
    return refused(409, `generation ${hello.generation} is over: the newest is ${newest}`);
  }
  if (!sameSecret(hello.token, expected.token)) return refused(401, 'the token is another one');
  if (hello.rank >= expected.members || hello.rank === expected.rank) {
    return refused(409, `rank ${hello.rank} is no peer of rank ${expected.rank}`);
  }
  return { kind: 'welcome' };
}

const refused = (status: 401 | 409 | 400, reason: string): Verdict => ({
  kind: 'refused',
  status,
  reason,
});

/** Compares digests, so that the time taken says nothing about length or content. */
function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
