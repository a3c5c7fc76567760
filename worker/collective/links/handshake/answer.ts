/** What a links server answers to a request: its challenge, its agreement to an upgrade, a refusal. */
import { createHash } from 'node:crypto';
import { headerNames, isToken } from './hello.js';
import { isProof } from './proof.js';

/** Room for the answer's headers, or for its reason where it refuses. */
const maxAnswerBytes = 4096;

/** From RFC 6455, section 1.3: proves that the server speaks WebSocket. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export interface Answer {
  /** 0 for what is no HTTP. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** What follows the headers. */
  readonly rest: Uint8Array;
}

/**
 * @param received everything so far
 * @param ended whether nothing more will come
 * @returns null where more has to come
 */
export function readAnswer(received: Buffer, ended: boolean): Answer | null {
  const isFull = ended || received.length > maxAnswerBytes;
  const end = received.indexOf('\r\n\r\n');
  if (end < 0 || end > maxAnswerBytes) return isFull ? noHttp : null;
  const [first = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = received.subarray(end + 4);
  const isWhole = status === 101 || rest.length >= Number(headers.get('content-length') ?? 'NaN');
  return isWhole || isFull ? { status, headers, rest } : null;
}

const noHttp: Answer = {
  status: 0,
  headers: new Map(),
  rest: Buffer.from('it answered with no HTTP'),
};

export type Refusal =
  /** Worth another try: it is going away, or is not yet what it will be. */
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** The server's nonce, out of its answer to a request without proof. */
export function readChallenge(
  answer: Answer,
): { readonly kind: 'challenge'; readonly nonce: string } | Refusal {
  const nonce = answer.headers.get(headerNames.nonce);
  if (answer.status !== 401 || nonce === undefined) return refusalOf(answer);
  if (!isToken(nonce)) return { kind: 'refused', reason: 'its nonce is malformed' };
  return { kind: 'challenge', nonce };
}

/**
 * @param key that the request had
 * @param expected the server's proof
 * @returns what follows the headers, which belongs to the WebSocket
 */
export function readUpgrade(
  answer: Answer,
  key: string,
  expected: string,
): { readonly kind: 'open'; readonly rest: Uint8Array } | Refusal {
  const { status, headers, rest } = answer;
  if (status !== 101) return refusalOf(answer);
  const accept = createHash('sha1')
    .update(key + acceptSuffix)
    .digest('base64');
  if (headers.get('sec-websocket-accept') !== accept || headers.has('sec-websocket-extensions')) {
    return { kind: 'refused', reason: 'it answered another key, or with an extension' };
  }
  if (!isProof(headers.get(headerNames.proof), expected)) {
    return { kind: 'refused', reason: 'it did not show that it knows the secret' };
  }
  return { kind: 'open', rest };
}

function refusalOf({ status, rest }: Answer): Refusal {
  const reason = Buffer.from(rest).toString('utf8', 0, maxAnswerBytes);
  return { kind: status === 503 || status === 0 ? 'later' : 'refused', reason };
}
