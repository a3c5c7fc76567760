/** What comes from a peer, or from a stranger at a port. */
import { readRequestHead } from '../../process/metrics/request-head.js';
import { FrameParser } from '../../worker/collective/frames/frame-parser.js';
import {
  encodeHeader,
  FrameError,
  type FrameHeader,
  headerBytes,
} from '../../worker/collective/frames/frames.js';
import {
  readAnswer,
  readChallenge,
  readUpgrade,
} from '../../worker/collective/links/handshake/answer.js';
import {
  helloHeaders,
  pathOf,
  readHello,
  type SignedHello,
} from '../../worker/collective/links/handshake/hello.js';
import { WebSocketReader } from '../../worker/collective/links/websocket/websocket-reader.js';
import { cut, inPieces } from '../pieces.js';
import { json, type Target } from '../target.js';

const header = {
  kind: 'reduce',
  generation: 3,
  tag: { step: 5, phase: 'reduce', part: 1 },
  node: 2,
  offset: 4,
  byteLength: 8,
  total: 16,
} as unknown as FrameHeader;

function frame(changes: Partial<FrameHeader> = {}): Uint8Array {
  const complete = { ...header, ...changes };
  const bytes = new Uint8Array(headerBytes + complete.byteLength);
  encodeHeader(complete, bytes);
  return bytes;
}

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const proof = 'p'.repeat(43);
const nonce = 'n'.repeat(43);
const answers = [
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX-Lockstep-Proof: ${proof}\r\n\r\n`,
  `HTTP/1.1 401 Unauthorized\r\nx-lockstep-nonce: ${nonce}\r\ncontent-length: 2\r\n\r\nno`,
  'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 5\r\n\r\nlater',
];

const hellos: readonly SignedHello[] = [
  { hello: { purpose: 'state' }, nonce, proof },
  { hello: { purpose: 'links', generation: 3, from: 1, to: 0 } as never, nonce, proof },
];

/** A request's path and headers, as Node's server has them. */
const requestOf = (signed: SignedHello): Uint8Array =>
  json.close({ path: pathOf(signed.hello), headers: helloHeaders(signed) });

/** Frames out of bytes that come in pieces of a size. */
function framesOf(bytes: Uint8Array, size: number): unknown[] {
  const frames: unknown[] = [];
  const parser = new FrameParser(
    {
      // As a link does, which sets memory aside for no more than it waits for.
      open: (found) =>
        found.byteLength <= bytes.length ? new Uint8Array(found.byteLength) : 'skip',
      complete: (found, payload) => frames.push([found, payload]),
    },
    (into, from) => into.set(from),
  );
  for (const piece of cut(bytes, size)) parser.push(piece);
  return frames;
}

export const linkTargets = (): Target[] => [
  {
    name: 'frames',
    seeds: [frame(), frame({ kind: 'gather', byteLength: 4 }), Buffer.concat([frame(), frame()])],
    read: (bytes) => inPieces(bytes, (size) => framesOf(bytes, size)),
    isRefusal: (error) => error instanceof FrameError,
    write: (frames) =>
      Buffer.concat(
        (frames as [FrameHeader, Uint8Array][]).map(([found, payload]) => {
          const bytes = frame(found);
          bytes.set(payload, headerBytes);
          return bytes;
        }),
      ),
  },
  {
    name: 'websocket',
    // A binary message of two bytes, a ping, a message in two frames, a close.
    seeds: [Buffer.from('82027879' + '890161' + '020178' + '800179' + '880203e8', 'hex')],
    read: (bytes) => inPieces(bytes, (size) => messagesOf(bytes, size)),
    isRefusal: (error) => error instanceof FrameError,
  },
  {
    name: 'hello',
    seeds: hellos.map(requestOf),
    format: json,
    read: (bytes) => {
      const request = requestIn(bytes);
      return request === null ? null : readHello(request.path, request.headers);
    },
    isRefusal: () => false,
    write: (hello) => (hello === null ? new Uint8Array() : requestOf(hello as SignedHello)),
  },
  {
    name: 'answer',
    seeds: answers.map((text) => Buffer.from(text)),
    read: (bytes) =>
      [true, false].map((ended) => {
        const answer = readAnswer(Buffer.from(bytes), ended);
        return answer && [answer, readChallenge(answer), readUpgrade(answer, key, proof)];
      }),
    isRefusal: () => false,
  },
  {
    name: 'request-head',
    seeds: [Buffer.from('GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n')],
    read: (bytes) => readRequestHead(Buffer.from(bytes)),
    isRefusal: () => false,
  },
];

interface Request {
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
}

/** Null for what Node's server would not hand on. */
function requestIn(bytes: Uint8Array): Request | null {
  try {
    const { path, headers } = json.open(bytes) as Request;
    const isRequest = typeof path === 'string' && typeof headers === 'object' && headers !== null;
    return isRequest ? { path, headers } : null;
  } catch {
    return null;
  }
}

function messagesOf(bytes: Uint8Array, size: number): unknown[] {
  const found: unknown[] = [];
  const reader = new WebSocketReader(
    {
      // Byte by byte: a message is handed on in the pieces in which it came.
      data: (piece) => found.push(...piece),
      ping: (payload) => found.push(payload.slice()),
      close: (code) => found.push(code),
    },
    4096,
  );
  for (const piece of cut(bytes, size)) reader.push(piece);
  return found;
}
