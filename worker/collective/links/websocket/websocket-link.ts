/**
 * A link over two WebSockets, one for each direction. The sender is the server of its direction:
 * frames from a client would have to be masked, which means another pass over every byte. So each
 * member dials those that it wants to hear.
 */
import type { WebSocket } from 'ws';
import type { Rank } from '../../../../shared/ids.js';
import type { Link, LinkReceiver } from '../link.js';
import type { IncomingSocket } from './incoming-socket.js';

/** "Normal closure": everything was sent. Any other end of a socket means that its member is lost. */
const departure = 1000;

export class WebSocketLink implements Link {
  readonly peer: Rank;
  /** The peer dialled this one; only this member sends on it. */
  readonly #outgoing: WebSocket;
  /** This member dialled it; only the peer sends on it. */
  readonly #incoming: IncomingSocket;
  #receiver: LinkReceiver | null = null;
  #ended = false;

  constructor(peer: Rank, outgoing: WebSocket, incoming: IncomingSocket) {
    this.peer = peer;
    this.#outgoing = outgoing;
    this.#incoming = incoming;
  }

  get buffered(): number {
    return this.#outgoing.bufferedAmount;
  }

  open(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    this.#outgoing.on('message', () => this.#lose('it sent on the socket that it should read'));
    this.#outgoing.on('close', (code) => {
      // A departure is complete when the incoming socket, which may still hold data, is at its end.
      if (code !== departure) this.#lose(code === 1006 ? 'its socket closed' : `code ${code}`);
    });
    if (this.#outgoing.readyState >= this.#outgoing.CLOSING) this.#lose('its socket closed');
    this.#incoming.open({
      bytes: (piece) => {
        if (!this.#ended) receiver.bytes(piece);
      },
      closed: (code, how) => {
        if (code !== departure) this.#lose(how);
        if (this.#ended) return;
        this.#ended = true;
        receiver.departed();
      },
    });
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
    this.terminate();
    this.#receiver?.lost(how);
  }
}
