import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { dismiss, StrangerSockets } from '../../../process/metrics/stranger-sockets.js';
import type { Generation, Rank } from '../../../shared/ids.js';
import { strangerTimeout } from '../../../shared/limits.js';
import type { Traffic } from '../traffic.js';
import { type Expected, type Hello, judgeHello, linksPath, readHello } from './hello.js';

/** Peers send nothing but control frames to the server of a direction. */
const maxIncomingBytes = 128;

/** Gets the socket on which the peer of this rank wants to hear this member. */
type Welcome = (rank: Rank, socket: WebSocket) => void;

/** Accepts the sockets that peers dial in order to hear this member. */
export class LinksServer {
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxIncomingBytes,
    clientTracking: false,
  });
  readonly #strangers = new StrangerSockets();
  readonly #traffic: Traffic;
  readonly #host: string;
  readonly #expected = new Map<Generation, Expected & { readonly welcome: Welcome }>();
  #newest: Generation | null = null;

  private constructor(host: string, traffic: Traffic) {
    this.#host = host;
    this.#traffic = traffic;
    this.#http = createServer(
      { headersTimeout: strangerTimeout, connectionsCheckingInterval: 1000, maxHeaderSize: 4096 },
      (_request, response) => response.writeHead(426, { connection: 'close' }).end(),
    );
    this.#http.on('connection', (socket) => this.#strangers.add(socket));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Listens on a free port of `host`. */
  static async listen(host: string, traffic: Traffic): Promise<LinksServer> {
    const server = new LinksServer(host, traffic);
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', reject);
      server.#http.listen(0, host, resolve);
    });
    return server;
  }

  /** `host:port`. */
  get address(): string {
    const { port } = this.#http.address() as AddressInfo;
    return this.#host.includes(':') ? `[${this.#host}]:${port}` : `${this.#host}:${port}`;
  }

  /** From now on, `welcome` gets the sockets of this membership's peers, until it is forgotten. */
  expect(expected: Expected, welcome: Welcome): void {
    const { generation } = expected;
    this.#expected.set(generation, { ...expected, welcome });
    if (this.#newest === null || generation > this.#newest) this.#newest = generation;
  }

  /** Peers that still want this generation are told that it is over. */
  forget(generation: Generation): void {
    this.#expected.delete(generation);
  }

  /** Connections of whoever has not shown yet that it is a peer. */
  get strangers(): number {
    return this.#strangers.size;
  }

  close(): void {
    this.#http.close();
    this.#strangers.dropAll();
    this.#http.closeAllConnections();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const hello = readHello(request.headers);
    const verdict =
      request.url === linksPath
        ? judgeHello(hello, this.#expected, this.#newest)
        : ({ kind: 'refused', status: 400, reason: 'the path is unknown' } as const);
    if (verdict.kind === 'welcome') {
      const { generation, rank } = hello as Hello;
      this.#strangers.welcome(socket);
      this.#sockets.handleUpgrade(request, socket, head, (accepted) =>
        this.#expected.get(generation)?.welcome(rank, accepted),
      );
      return;
    }
    if (verdict.kind === 'refused') this.#traffic.refusedConnections++;
    const status = verdict.kind === 'later' ? 503 : verdict.status;
    const body = Buffer.from(verdict.reason);
    dismiss(
      socket,
      `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${verdict.reason}`,
    );
  }
}
