/**
 * Sockets of whoever connects and has not yet shown who it is. There are at most so many, each for
 * so long: a newcomer takes the place of the oldest, so that strangers who hold all places cannot
 * keep out a peer or Prometheus, whose few packets are here within milliseconds.
 */
import type { Duplex } from 'node:stream';
import {
  dismissedBytes,
  dismissTimeout,
  strangersMax,
  strangerTimeout,
} from '../../shared/limits.js';

export class StrangerSockets {
  /** In the order of their arrival. */
  readonly #waiting = new Map<Duplex, NodeJS.Timeout>();

  get size(): number {
    return this.#waiting.size;
  }

  add(socket: Duplex): void {
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined && this.#waiting.size >= strangersMax) this.#drop(oldest);
    const timer = setTimeout(() => this.#drop(socket), strangerTimeout);
    this.#waiting.set(socket, timer);
    // A connection that breaks must not become an uncaught error.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.welcome(socket));
  }

  /** The socket is a stranger's no longer: whoever has it now looks after it. */
  welcome(socket: Duplex): void {
    clearTimeout(this.#waiting.get(socket));
    this.#waiting.delete(socket);
  }

  dropAll(): void {
    for (const socket of this.#waiting.keys()) this.#drop(socket);
  }

  #drop(socket: Duplex): void {
    this.welcome(socket);
    socket.destroy();
  }
}

/**
 * Says the last words to a socket and lets go of it. What still arrives is read and thrown away, so
 * that the words are not lost in a reset, but neither for long nor without end.
 */
export function dismiss(socket: Duplex, lastWords: string): void {
  let discarded = 0;
  socket.on('data', (piece: Uint8Array) => {
    discarded += piece.byteLength;
    if (discarded > dismissedBytes) socket.destroy();
  });
  socket.resume();
  const killer = setTimeout(() => socket.destroy(), dismissTimeout);
  socket.once('close', () => clearTimeout(killer));
  socket.end(lastWords);
}
