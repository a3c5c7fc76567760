import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { FrameError, headerBytes, maxPayloadBytes } from '../../frames/frames.js';
import { readTurn } from './read-turn.js';
import { maskedFrame, WebSocketReader } from './websocket-reader.js';

export interface IncomingHandler {
  /** Good during the call only. */
  bytes(piece: Uint8Array): void;
  /** The last call. 1006 where the peer gave no reason. */
  closed(code: number, how: string): void;
}

const abnormal = 1006;

/**
 * The socket on which this process hears another one, after the handshake. It sends control frames and
 * short requests. Whoever reads the socket's bytes calls `push`.
 */
export class IncomingSocket {
  readonly #socket: Socket;
  readonly #reader: WebSocketReader;
  #handler: IncomingHandler | null = null;
  /** What came with the answer to the handshake. */
  #early: Uint8Array;
  #code = abnormal;
  #how = 'its socket closed';
  #closed = false;
  /** Held back by whoever has opened it. */
  #paused = false;

  /** @param socket paused */
  constructor(socket: Socket, early: Uint8Array) {
    this.#socket = socket;
    this.#early = early;
    this.#reader = new WebSocketReader(
      {
        data: (piece) => this.#handler?.bytes(piece),
        ping: (payload) => this.#write('pong', payload),
        close: (code) => {
          this.#code = code;
          this.#how = `its socket closed with code ${code}`;
          this.close(code === 1005 ? 1000 : code);
          // The answer is out; a server that keeps its end open must not keep this one open.
          this.#socket.end();
        },
      },
      maxPayloadBytes + headerBytes,
    );
    socket.once('close', () => {
      this.#closed = true;
      this.#handler?.closed(this.#code, this.#how);
    });
  }

  open(handler: IncomingHandler): void {
    this.#handler = handler;
    if (this.#closed) {
      handler.closed(this.#code, this.#how);
      return;
    }
    const early = this.#early;
    this.#early = new Uint8Array(0);
    this.push(early);
    this.#socket.resume();
  }

  /** False where the socket is to be read again only when it is resumed. */
  push(bytes: Uint8Array): boolean {
    try {
      this.#reader.push(bytes);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#how = error.message;
      this.#socket.destroy();
    }
    return readTurn.take(bytes.length, () => {
      if (!this.#paused) this.#socket.resume();
    });
  }

  /** @param payload at most 125 bytes. */
  send(payload: Uint8Array): void {
    this.#write('binary', payload);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  close(code: number): void {
    this.#write('close', Uint8Array.of(code >> 8, code & 0xff));
  }

  terminate(): void {
    this.#socket.destroy();
  }

  #write(kind: 'binary' | 'close' | 'pong', payload: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(maskedFrame(kind, payload, randomBytes(4)));
  }
}
