import { createHash } from 'node:crypto';

/** Room for the answer's headers, or for its reason where it refuses. */
const maxResponseBytes = 4096;

/** From RFC 6455, section 1.3: proves that the server speaks WebSocket. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export type Upgrade =
  | { readonly kind: 'incomplete' }
  /** What follows the headers belongs to the WebSocket. */
  | { readonly kind: 'open'; readonly rest: Uint8Array }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string };

/**
 * Reads the answer to an upgrade request.
 *
 * @param received everything so far
 * @param ended whether nothing more will come
 */
export function readUpgrade(received: Buffer, key: string, ended: boolean): Upgrade {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0 && received.length <= maxResponseBytes && !ended) return { kind: 'incomplete' };
  const [first = '', ...lines] = received.toString('latin1', 0, Math.max(0, end)).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  if (status !== 101) {
    if (end >= 0 && !ended && received.length <= maxResponseBytes) return { kind: 'incomplete' };
    const reason = received.toString('utf8', end + 4, maxResponseBytes);
    return { kind: 'refused', status, reason: end < 0 ? 'it answered with no HTTP' : reason };
  }
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const accept = createHash('sha1')
    .update(key + acceptSuffix)
    .digest('base64');
  if (headers.get('sec-websocket-accept') !== accept || headers.has('sec-websocket-extensions')) {
    return { kind: 'refused', status, reason: 'it answered another key, or with an extension' };
  }
  return { kind: 'open', rest: received.subarray(end + 4) };
}
