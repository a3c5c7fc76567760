import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Millis } from '../../../../shared/units.js';
import { IncomingSocket } from '../websocket/incoming-socket.js';
import { type Answer, type Refusal, readAnswer, readChallenge, readUpgrade } from './answer.js';
import { type Hello, helloHeaders, pathOf } from './hello.js';
import { channelOf, type Handshake, nonceBytes, proofOf } from './proof.js';
import type { Trust } from './trust.js';

/** One attempt to reach a peer: connected, worth another try, or pointless. */
export type Dialled = { readonly kind: 'open'; readonly socket: IncomingSocket } | Refusal;

/** One for each peer. Small enough to stay in the processor's cache until its floats are copied. */
const readBufferBytes = 256 * 2 ** 10;

/**
 * Dials a peer in order to hear it. The socket comes paused, so that nothing it receives is lost
 * before somebody listens. Never rejects.
 */
export function dial(
  address: string,
  hello: Hello,
  trust: Trust,
  timeout: Millis,
  signal: AbortSignal,
): Promise<Dialled> {
  return new Promise((resolve) => {
    let incoming: IncomingSocket | null = null;
    const socket = open(address, trust, (piece) => {
      if (incoming !== null) return incoming.push(piece);
      caller.hear(piece, false);
      return true;
    });
    const caller = new Caller(address, hello, trust, socket, (result) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      if (result.kind !== 'open') {
        socket.destroy();
        return resolve(result);
      }
      socket.pause();
      incoming = new IncomingSocket(socket, result.rest);
      resolve({ kind: 'open', socket: incoming });
    });
    const giveUp = (): void => void socket.destroy(new Error('connecting was given up'));
    const tooLate = (): void => void socket.destroy(new Error('it did not answer'));
    const timer = setTimeout(tooLate, Math.max(1, timeout));
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    // An error is followed by 'close', which the incoming socket reports.
    socket.on('error', (error) => caller.fail(error));
    socket.once('close', () => caller.hear(new Uint8Array(0), true));
  });
}

function open(address: string, { tls }: Trust, onBytes: (piece: Uint8Array) => boolean): Socket {
  const { hostname, port } = new URL(`ws://${address}`);
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(readBufferBytes),
    callback: (length, buffer) => onBytes(buffer.subarray(0, length)),
  };
  // Without a port of its own a URL has that of its scheme.
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), onread };
  if (tls === null) return connectTcp({ ...to, noDelay: true });
  const socket = connectTls({ ...to, ...tls, checkServerIdentity: () => undefined });
  return socket.setNoDelay(true);
}

type Outcome = { readonly kind: 'open'; readonly rest: Uint8Array } | Refusal;

const hungUp: Outcome = { kind: 'later', reason: 'it hung up' };

/** The dialler's side of the handshake: asks for a challenge, signs it, checks the server's proof. */
class Caller {
  readonly #address: string;
  readonly #hello: Hello;
  readonly #trust: Trust;
  readonly #socket: Socket;
  readonly #done: (outcome: Outcome) => void;
  readonly #key = randomBytes(16).toString('base64');
  #received = Buffer.alloc(0);
  #state:
    | { readonly kind: 'challenge' }
    | { readonly kind: 'upgrade'; readonly expected: string }
    | { readonly kind: 'done' } = { kind: 'challenge' };

  constructor(
    address: string,
    hello: Hello,
    trust: Trust,
    socket: Socket,
    done: (outcome: Outcome) => void,
  ) {
    this.#address = address;
    this.#hello = hello;
    this.#trust = trust;
    this.#socket = socket;
    this.#done = done;
    const connected = trust.tls === null ? 'connect' : 'secureConnect';
    socket.once(connected, () => this.#request({}));
  }

  fail(error: Error): void {
    this.#end({ kind: 'later', reason: error.message });
  }

  hear(piece: Uint8Array, ended: boolean): void {
    if (this.#state.kind === 'done') return;
    this.#received = Buffer.concat([this.#received, piece]);
    const answer = readAnswer(this.#received, ended);
    if (answer === null) return;
    this.#received = Buffer.alloc(0);
    if (this.#state.kind === 'challenge') this.#sign(answer, ended);
    else this.#end(readUpgrade(answer, this.#key, this.#state.expected));
  }

  #sign(answer: Answer, ended: boolean): void {
    const challenge = readChallenge(answer);
    if (challenge.kind !== 'challenge' || ended) {
      this.#end(challenge.kind === 'challenge' ? hungUp : challenge);
      return;
    }
    const nonce = randomBytes(nonceBytes).toString('base64url');
    const { secret, tls } = this.#trust;
    const hello = this.#hello;
    const handshake: Handshake = {
      hello,
      serverNonce: challenge.nonce,
      diallerNonce: nonce,
      channel: tls === null ? '' : channelOf(this.#socket as TLSSocket),
    };
    this.#state = { kind: 'upgrade', expected: proofOf('server', secret, handshake) };
    const proof = proofOf('dialler', secret, handshake);
    this.#request({
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': this.#key,
      ...helloHeaders({ hello, nonce, proof }),
    });
  }

  #request(headers: Readonly<Record<string, string>>): void {
    const lines = Object.entries({ Host: this.#address, ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    this.#socket.write(`GET ${pathOf(this.#hello)} HTTP/1.1\r\n${lines.join('')}\r\n`);
  }

  #end(outcome: Outcome): void {
    if (this.#state.kind === 'done') return;
    this.#state = { kind: 'done' };
    this.#done(outcome);
  }
}
