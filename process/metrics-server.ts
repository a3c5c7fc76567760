/** Serves a process's metrics to Prometheus, and its health to whoever supervises it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

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
}

export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { registry, unhealthy, port, host = '127.0.0.1' } = options;
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET' }).end();
    } else if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': registry.contentType });
      response.end(await registry.metrics());
    } else if (request.url === '/healthz') {
      const problem = unhealthy();
      response.writeHead(problem === null ? 200 : 503, { 'content-type': 'text/plain' });
      response.end(problem ?? 'ok');
    } else {
      response.writeHead(404).end();
    }
  });
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new Error(`Cannot serve metrics on ${host}:${port}: ${cause.message}`, { cause })),
    );
    server.listen(port, host, resolve);
  });
}
