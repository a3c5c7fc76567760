import { WebSocket } from 'ws';
import type { Millis } from '../../shared/units.js';
import { headerBytes, maxPayloadBytes } from './frames.js';
import { type Hello, helloHeaders, linksPath } from './hello.js';

/** One attempt to reach a peer: connected, worth another try, or pointless. */
export type Dialled =
  | { readonly kind: 'open'; readonly socket: WebSocket }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Long enough to read a reason, short enough for anybody's answer. */
const maxReasonBytes = 1024;

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
  const socket = new WebSocket(`ws://${address}${linksPath}`, {
    headers: helloHeaders(hello),
    // The client's default is true, and zlib would cost more than the network.
    perMessageDeflate: false,
    maxPayload: maxPayloadBytes + headerBytes,
    handshakeTimeout: Math.max(1, timeout),
    followRedirects: false,
  });
  return new Promise((resolve) => {
    const abort = (): void => socket.terminate();
    signal.addEventListener('abort', abort);
    const done = (result: Dialled): void => {
      signal.removeEventListener('abort', abort);
      resolve(result);
    };
    socket.once('open', () => {
      socket.pause();
      done({ kind: 'open', socket });
    });
    socket.on('error', (error) => done({ kind: 'later', reason: error.message }));
    socket.once('unexpected-response', (_request, response) => {
      let reason = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        reason = (reason + text).slice(0, maxReasonBytes);
      });
      response.on('close', () => {
        done({ kind: response.statusCode === 503 ? 'later' : 'refused', reason });
        socket.terminate();
      });
    });
  });
}
