/**
 * A link over two WebSockets, one for each direction. The sender is the server of its direction:
 * frames from a client would have to be masked, which means another pass over every byte. So each
 * member dials those that it wants to hear.
 */
import type { WebSocket } from 'ws';
import type { Rank } from '../../shared/ids.js';
import type { Link, LinkReceiver } from './link.js';

/** "Normal closure": everything was sent. Any other end of a socket means that its member is lost. */
const departure = 1000;

export class WebSocketLink implements Link {
  readonly peer: Rank;
  /** The peer dialled this one; only this member sends on it. */
  readonly #outgoing: WebSocket;
  /** This member dialled it; only the peer sends on it. */
  readonly #incoming: WebSocket;
  #receiver: LinkReceiver | null = null;
  #ended = false;

  constructor(peer: Rank, outgoing: WebSocket, incoming: WebSocket) {
    this.peer = peer;
    this.#outgoing = outgoing;
    this.#incoming = incoming;
  }

  get buffered(): number {
    return this.#outgoing.bufferedAmount;
  }

  open(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    this.#incoming.on('message', (data, isBinary) => {
      if (this.#ended) return;
      if (isBinary && Buffer.isBuffer(data)) receiver.bytes(data);
      else this.#lose('it sent a message that is no frame');
    });
    this.#outgoing.on('message', () => this.#lose('it sent on the socket that it should read'));
    this.#incoming.on('close', (code) => {
      if (code !== departure) return this.#lose(closedWith(code));
      if (this.#ended) return;
      this.#ended = true;
      receiver.departed();
    });
    this.#outgoing.on('close', (code) => {
      // A departure is complete when the incoming socket, which may still hold data, is at its end.
      if (code !== departure) this.#lose(closedWith(code));
    });
    // The 'close' that follows says everything; without a listener the error would be thrown.
    for (const socket of [this.#incoming, this.#outgoing]) socket.on('error', () => undefined);
    this.#incoming.resume();
    for (const socket of [this.#incoming, this.#outgoing]) {
      if (socket.readyState >= socket.CLOSING) this.#lose('its socket closed');
    }
  }

  send(bytes: Uint8Array, sent: () => void): void {
    this.#outgoing.send(bytes, (error) => {
      if (error == null && !this.#ended) sent();
    });
  }

  pause(): void {
    this.#incoming.pause();
  }

  resume(): void {
    this.#incoming.resume();
  }

  close(): void {
    this.#ended = true;
    this.#outgoing.close(departure);
    this.#incoming.close(departure);
  }

  terminate(): void {
    this.#ended = true;
    this.#outgoing.terminate();
    this.#incoming.terminate();
  }

  #lose(how: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#outgoing.terminate();
    this.#incoming.terminate();
    this.#receiver?.lost(how);
  }
}

const closedWith = (code: number): string =>
  code === 1006 ? 'its socket closed' : `its socket closed with code ${code}`;
