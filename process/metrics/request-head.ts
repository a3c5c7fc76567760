/**
 * The head of an HTTP request, as far as a server needs it that answers one question a connection:
 * method, path, and what the client shows of itself. Other headers and bodies are passed over.
 */
import { requestHeadBytes } from '../../shared/limits.js';

export type RequestHead =
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly path: string;
      /** The header of that name; null where it is missing, or there more than once. */
      readonly authorization: string | null;
    }
  /** `status` is the answer. */
  | { readonly kind: 'refused'; readonly status: 400 | 431 };

const requestLine = /^([A-Z]{1,16}) (\S+) HTTP\/1\.[01]$/;
const authorizationLine = /^authorization:[ \t]*(.*?)[ \t]*$/i;

/** @param received everything so far */
export function readRequestHead(received: Buffer): RequestHead {
  const end = received.indexOf('\r\n\r\n');
  if (end > requestHeadBytes || (end < 0 && received.length > requestHeadBytes)) {
    return { kind: 'refused', status: 431 };
  }
  const firstEnd = received.indexOf('\r\n');
  if (firstEnd < 0) return { kind: 'incomplete' };
  const parts = requestLine.exec(received.toString('latin1', 0, firstEnd));
  if (parts === null) return { kind: 'refused', status: 400 };
  if (end < 0) return { kind: 'incomplete' };
  const [, method = '', target = ''] = parts;
  // What stands behind the question mark is for someone else: a proxy, a cache, a scraper's label.
  const path = target.replace(/[?#].*$/, '');
  const lines = received.toString('latin1', firstEnd + 2, Math.max(end, firstEnd + 2));
  return { kind: 'request', method, path, authorization: authorizationOf(lines.split('\r\n')) };
}

function authorizationOf(lines: readonly string[]): string | null {
  const [found = null, ...others] = lines.flatMap((line) => {
    const [, value] = authorizationLine.exec(line) ?? [];
    return value === undefined ? [] : [value];
  });
  return others.length === 0 ? found : null;
}
