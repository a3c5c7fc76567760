import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { dismiss, StrangerSockets } from '../../../process/metrics/stranger-sockets.js';
import type { Rank } from '../../../shared/ids.js';
import { strangerTimeout } from '../../../shared/limits.js';
import type { Traffic } from '../traffic.js';
import { type Expected, judgeHello, linksPath, readHello } from './hello.js';

/** Peers send nothing but control frames to the server of a direction. */
const maxIncomingBytes = 128;

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
  #expected: Expected | null = null;
  #welcome: (rank: Rank, socket: WebSocket) => void = () => undefined;

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

  /** From now on, `welcome` gets the sockets of this membership's peers. */
  expect(expected: Expected, welcome: (rank: Rank, socket: WebSocket) => void): void {
    this.#expected = expected;
    this.#welcome = welcome;
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
    const verdict =
      request.url === linksPath
        ? judgeHello(readHello(request.headers), this.#expected)
        : ({ kind: 'refused', status: 400, reason: 'the path is unknown' } as const);
    if (verdict.kind === 'welcome') {
      const { rank } = readHello(request.headers) as { rank: Rank };
      this.#strangers.welcome(socket);
      this.#sockets.handleUpgrade(request, socket, head, (accepted) =>
        this.#welcome(rank, accepted),
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
