import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { dismiss, StrangerSockets } from '../../../../process/metrics/stranger-sockets.js';
import type { Generation, Rank } from '../../../../shared/ids.js';
import { strangerTimeout } from '../../../../shared/limits.js';
import type { Traffic } from '../../traffic.js';
import { type Expected, type Hello, headerNames, isPath, judgeHello, readHello } from './hello.js';
import { channelOf, type Handshake, isProof, nonceBytes, proofOf } from './proof.js';
import type { Trust } from './trust.js';

/** Clients send nothing but control frames and short requests to the server of a direction. */
const maxIncomingBytes = 128;

/** A challenge and the upgrade that answers it. */
const requestsOfConnection = 2;

/** Gets the socket on which the peer of this rank wants to hear this member. */
type Welcome = (rank: Rank, socket: WebSocket) => void;

export interface LinksServerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** The secret is null where it is not known yet: everybody is asked to come later. */
  readonly trust: { readonly secret: Uint8Array | null; readonly tls: Trust['tls'] };
  readonly traffic: Traffic;
}

/** Accepts the sockets that peers dial in order to hear this member, and to copy its state. */
export class LinksServer {
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxIncomingBytes,
    clientTracking: false,
  });
  readonly #strangers = new StrangerSockets();
  readonly #options: LinksServerOptions;
  /** The challenge of each connection that has asked for one; used once. */
  readonly #challenges = new WeakMap<Duplex, string>();
  /** What the answer to a request proves. */
  readonly #proofs = new WeakMap<IncomingMessage, string>();
  readonly #expected = new Map<Generation, Expected & { readonly welcome: Welcome }>();
  #newest: Generation | null = null;
  #secret: Uint8Array | null;
  #onCopier: (socket: WebSocket) => void = (socket) => socket.terminate();

  private constructor(options: LinksServerOptions) {
    this.#options = options;
    const { secret, tls } = options.trust;
    this.#secret = secret;
    const limits = {
      headersTimeout: strangerTimeout,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: 4096,
    };
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response);
    this.#http =
      tls === null
        ? createServer(limits, answer)
        : createTlsServer({ ...limits, ...tls, requestCert: true }, answer);
    this.#http.maxRequestsPerSocket = requestsOfConnection;
    this.#http.on('connection', (socket) => this.#strangers.add(socket));
    if (tls !== null) this.#watchChannels();
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#sockets.on('headers', (headers, request) =>
      headers.push(`${headerNames.proof}: ${this.#proofs.get(request)}`),
    );
  }

  /** @throws Error of the system where the port cannot be had. */
  static async listen(options: LinksServerOptions): Promise<LinksServer> {
    const server = new LinksServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#http.once('error', reject);
      server.#http.listen(options.port, options.host, resolve);
    });
    return server;
  }

  /** That it listens on. */
  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** `host:port` that it listens on. */
  get address(): string {
    const { host } = this.#options;
    return host.includes(':') ? `[${host}]:${this.port}` : `${host}:${this.port}`;
  }

  /** From now on whoever dials must know this one. */
  trust(secret: Uint8Array): void {
    this.#secret = secret;
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

  /** Gets the sockets of those who want a copy of the state. */
  onCopier(listener: (socket: WebSocket) => void): void {
    this.#onCopier = listener;
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

  /** The connection below a TLS channel is the stranger until the channel is there. */
  #watchChannels(): void {
    const below = new Map<string, Duplex>();
    const nameOf = ({ remoteAddress, remotePort }: Socket): string =>
      `${remoteAddress} ${remotePort}`;
    this.#http.on('connection', (socket) => {
      const name = nameOf(socket);
      below.set(name, socket);
      socket.once('close', () => below.delete(name));
    });
    this.#http.on('secureConnection', (socket: TLSSocket) => {
      const connection = below.get(nameOf(socket));
      if (connection !== undefined) this.#strangers.welcome(connection);
      this.#strangers.add(socket);
    });
    this.#http.on('tlsClientError', (_error, socket: TLSSocket) => socket.destroy());
  }

  /** A request that is no upgrade asks for a challenge. */
  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (!isPath(request.url) || request.method !== 'GET') {
      response.writeHead(426, { connection: 'close' }).end();
      return;
    }
    const nonce = randomBytes(nonceBytes).toString('base64url');
    this.#challenges.set(request.socket, nonce);
    response
      .writeHead(401, {
        'www-authenticate': 'Lockstep',
        [headerNames.nonce]: nonce,
        'content-length': 0,
      })
      .end();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const judged = this.#judge(request, socket);
    if (judged.kind !== 'welcome') {
      if (judged.kind === 'refused') this.#options.traffic.refusedConnections++;
      dismissWith(socket, judged.kind === 'refused' ? judged.status : 503, judged.reason);
      return;
    }
    const { hello } = judged;
    this.#proofs.set(request, judged.proof);
    this.#strangers.welcome(socket);
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      // Whoever takes it over may forget to listen; an error without a listener ends the process.
      accepted.on('error', () => accepted.terminate());
      if (hello.purpose === 'state') this.#onCopier(accepted);
      else this.#expected.get(hello.generation)?.welcome(hello.from, accepted);
    });
  }

  #judge(request: IncomingMessage, socket: Duplex): Judged {
    const signed = readHello(request.url, request.headers);
    if (signed === null) return refused(400, 'the hello is malformed');
    const secret = this.#secret;
    if (secret === null) return { kind: 'later', reason: 'no secret is known here yet' };
    const serverNonce = this.#challenges.get(socket);
    this.#challenges.delete(socket);
    if (serverNonce === undefined) return refused(401, 'no challenge was asked for');
    const { hello, nonce: diallerNonce, proof } = signed;
    const channel = this.#options.trust.tls === null ? '' : channelOf(socket as TLSSocket);
    const handshake: Handshake = { hello, serverNonce, diallerNonce, channel };
    if (!isProof(proof, proofOf('dialler', secret, handshake))) {
      return refused(401, 'the proof is not of the secret that is known here');
    }
    if (hello.purpose === 'links') {
      const verdict = judgeHello(hello, this.#expected, this.#newest);
      if (verdict.kind === 'later') return verdict;
      if (verdict.kind === 'refused') return refused(409, verdict.reason);
    }
    return { kind: 'welcome', hello, proof: proofOf('server', secret, handshake) };
  }
}

/** `proof`: the server's own. */
type Judged =
  | { readonly kind: 'welcome'; readonly hello: Hello; readonly proof: string }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string };

const refused = (status: number, reason: string): Judged => ({ kind: 'refused', status, reason });

function dismissWith(socket: Duplex, status: number, reason: string): void {
  dismiss(
    socket,
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
  );
}
