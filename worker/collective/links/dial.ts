import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Millis } from '../../../shared/units.js';
import { type Hello, helloHeaders, linksPath } from './hello.js';
import { IncomingSocket } from './incoming-socket.js';
import { readUpgrade } from './upgrade-response.js';

/** One attempt to reach a peer: connected, worth another try, or pointless. */
export type Dialled =
  | { readonly kind: 'open'; readonly socket: IncomingSocket }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** One for each peer. Small enough to stay in the processor's cache until its floats are copied. */
const readBufferBytes = 256 * 2 ** 10;

/**
 * Dials a peer in order to hear it. The socket comes paused, so that nothing it receives is lost
 * before somebody listens. Never rejects.
 */
export function dial(
  address: string,
  hello: Hello,
  timeout: Millis,
  signal: AbortSignal,
): Promise<Dialled> {
  const { hostname, port } = new URL(`ws://${address}`);
  const key = randomBytes(16).toString('base64');
  let received = Buffer.alloc(0);
  let incoming: IncomingSocket | null = null;
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(readBufferBytes),
        callback: (length, buffer) => {
          const piece = buffer.subarray(0, length);
          if (incoming !== null) incoming.push(piece);
          else shakeHands(piece, false);
          return true;
        },
      },
    });
    const giveUp = (): void => void socket.destroy(new Error('connecting was given up'));
    const done = (result: Dialled): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(result);
    };
    const timer = setTimeout(
      () => socket.destroy(new Error('it did not answer')),
      Math.max(1, timeout),
    );
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    socket.once('connect', () => socket.write(request(address, key, hello)));
    // An error is followed by 'close', which the incoming socket reports.
    socket.on('error', (error) => done({ kind: 'later', reason: error.message }));
    socket.once('close', () => {
      if (incoming === null) shakeHands(new Uint8Array(0), true);
    });

    function shakeHands(piece: Uint8Array, ended: boolean): void {
      received = Buffer.concat([received, piece]);
      const answer = readUpgrade(received, key, ended);
      if (answer.kind === 'incomplete') return;
      if (answer.kind === 'open') {
        socket.pause();
        incoming = new IncomingSocket(socket, answer.rest);
        done({ kind: 'open', socket: incoming });
        return;
      }
      // No status at all: whoever answered is going away, or is not yet what it will be.
      const isEarly = answer.status === 503 || answer.status === 0;
      done({ kind: isEarly ? 'later' : 'refused', reason: answer.reason });
      socket.destroy();
    }
  });
}

function request(address: string, key: string, hello: Hello): string {
  const headers = {
    Host: address,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
    ...helloHeaders(hello),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${linksPath} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
