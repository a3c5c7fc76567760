/**
 * Serves a process's metrics to Prometheus, and its health to whoever supervises it. It listens
 * where strangers may connect and runs beside the heartbeats, so what it does is bounded: one request
 * a connection, few connections at a time, and few renderings a second, shared by all who wait. With
 * TLS and a token (metrics-access.ts) nobody else reads them, health included.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Registry } from 'prom-client';
import { type Clock, systemClock } from '../../shared/clock.js';
import { PortUnavailableError } from '../port-unavailable-error.js';
import { isAllowed, type MetricsAccess, openAccess } from './metrics-access.js';
import { readRequestHead } from './request-head.js';
import { SharedRendering } from './shared-rendering.js';
import { dismiss, StrangerSockets } from './stranger-sockets.js';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface MetricsServerOptions {
  readonly registry: Registry;
  /** 0 takes a free one. */
  readonly port: number;
  /** Loopback unless someone decides otherwise: metrics are not for everyone. */
  readonly host?: string;
  /** Null while all is well, else what is not. */
  readonly unhealthy: () => string | null;
  /** Null while it does its part or stands by, else what it waits for; like `unhealthy` where left out. */
  readonly unready?: () => string | null;
  readonly clock?: Clock;
  /** Plain and for everyone where it is left out. */
  readonly access?: MetricsAccess;
}

type Ask = (method: string, path: string, authorization: string | null) => Promise<Answer>;

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { registry, unhealthy, port, host = '127.0.0.1', clock = systemClock } = options;
  const problems: Readonly<Record<string, () => string | null>> = {
    // That it answers is all that it says.
    '/livez': () => null,
    '/readyz': options.unready ?? unhealthy,
    '/healthz': unhealthy,
  };
  const rendering = new SharedRendering(() => registry.metrics(), clock);
  const strangers = new StrangerSockets();
  const access = options.access ?? openAccess;
  const answer: Ask = async (method, path, authorization) => {
    if (!isAllowed(authorization, access)) return { status: 401 };
    if (method !== 'GET' && method !== 'HEAD') return { status: 405 };
    if (path === '/metrics') {
      return { status: 200, type: registry.contentType, body: await rendering.text() };
    }
    const look = Object.hasOwn(problems, path) ? problems[path] : undefined;
    if (look === undefined) return { status: 404 };
    const problem = look();
    return { status: problem === null ? 200 : 503, type: 'text/plain', body: problem ?? 'ok' };
  };
  const serve = channel(access.tls, (socket) => serveOne(socket, answer));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    strangers.add(socket);
    serve(socket);
  });
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        strangers.dropAll();
      }),
  };
}

/**
 * What becomes of a connection. One that encrypts stays a stranger's all the time, so that the
 * greetings of TLS have no deadline and no limit of their own.
 */
function channel(
  tls: MetricsAccess['tls'],
  onSocket: (socket: Socket) => void,
): (connection: Socket) => void {
  if (tls === null) return onSocket;
  const server = createTlsServer({ ...tls, minVersion: 'TLSv1.2', allowHalfOpen: true });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return (connection) => void server.emit('connection', connection);
}

/** Answers the first request of a connection; those that follow it are not read. */
function serveOne(socket: Socket, answer: Ask): void {
  let received = Buffer.alloc(0);
  // Nobody is left who would read an answer; later, half a connection is enough for one.
  socket.on('end', () => socket.destroy());
  socket.on('data', (piece) => {
    received = Buffer.concat([received, piece]);
    const head = readRequestHead(received);
    if (head.kind === 'incomplete') return;
    socket.pause();
    socket.removeAllListeners('data').removeAllListeners('end');
    if (head.kind === 'refused')
      return dismiss(socket, responseText({ status: head.status }, true));
    const { method, path, authorization } = head;
    answer(method, path, authorization).then(
      (given) => dismiss(socket, responseText(given, method !== 'HEAD')),
      (error: Error) => dismiss(socket, responseText({ status: 500, body: error.message }, true)),
    );
  });
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function responseText(
  { status, type = 'text/plain', body = '' }: Answer,
  withBody: boolean,
): string {
  const lines = [
    `HTTP/1.1 ${status} ${reasons[status]}`,
    'Connection: close',
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
    ...(status === 405 ? ['Allow: GET, HEAD'] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${withBody ? body : ''}`;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new PortUnavailableError(`Cannot serve metrics on ${host}:${port}: ${cause.message}`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}
