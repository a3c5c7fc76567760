/** Serves the dashboard: pages, answers about runs, and a stream of what changes in each. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PortUnavailableError } from '../../../process/port-unavailable-error.js';
import { systemClock } from '../../../shared/clock.js';
import type { Log } from '../../../shared/log.js';
import { type Millis, millis } from '../../../shared/units.js';
import type { RunSources } from '../sources/run-source.js';
import { cookieName, type DashboardAccess, decideAccess, isToken } from './access.js';
import { type Answer, answerOf, type Question } from './answers.js';
import { type Asset, contentPolicy, readAssets } from './assets.js';
import { OperatorCounter } from './operators/operator-counter.js';
import { RunChannels } from './run-channels.js';
import { SeriesCache } from './series-cache.js';

export interface DashboardOptions {
  readonly sources: RunSources;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly access: DashboardAccess;
  /** Shown by whoever acts on a run; null: nobody may. */
  readonly operatorToken: string | null;
  readonly log: Log;
  /** A run could not be read: said once for each reason. */
  readonly onTrouble: (error: Error) => void;
}

export interface DashboardServer {
  readonly port: number;
  close(): Promise<void>;
}

/** How often what is new is read and told. */
const lookInterval: Millis = millis(500);
/** Proxies close what has been silent for a minute. */
const keepAliveEvery = 40;
/** Foreign pages cannot send one without asking first, which is refused. */
const ownHeader = 'x-lockstep';
const startsProcess: ReadonlySet<string> = new Set(['recommend', 'audit']);
const viewersMax = 256;
const connectionsMax = 1024;
const headTimeout: Millis = millis(10_000);

/** @throws PortUnavailableError */
export async function startDashboard(options: DashboardOptions): Promise<DashboardServer> {
  const { access, host, log, onTrouble, operatorToken, port, sources } = options;
  const assets = readAssets();
  const policy = contentPolicy(assets);
  const series = new SeriesCache();
  const channels = new RunChannels(randomBytes(6).toString('hex'), sources);
  const counter = new OperatorCounter({ sources, token: operatorToken, log, clock: systemClock });
  const server = createServer({ requestTimeout: headTimeout, maxHeaderSize: 16 * 1024 });
  server.maxConnections = connectionsMax;
  server.on('request', (request, response) => {
    serve(request, response).catch((error: Error) => {
      onTrouble(error);
      if (!response.headersSent) send(response, { status: 500, error: error.message });
      else response.destroy();
    });
  });

  const known = { sources, channels, series, mayAct: counter.isOpen };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setHeaders(response, policy);
    const url = urlOf(request);
    if (url === null) return send(response, { status: 400, error: 'the address is none' });
    if (showsToken(url, access)) return takeToken(response, url, access);
    const decision = decideAccess(access, request);
    if (decision.kind === 'refused') return send(response, { status: 403, error: decision.why });
    const { method = '' } = request;
    const question = questionOf(url, request);
    const posted = method === 'POST' ? await counter.post(question.path, request, response) : null;
    if (posted !== null) return send(response, posted);
    if (method !== 'GET' && method !== 'HEAD') {
      return send(response, { status: 405, error: `${method} is not served: GET is` });
    }
    const asset = assets.get(url.pathname);
    if (asset !== undefined) return sendAsset(request, response, asset);
    if (question.path[0] === 'operator') return send(response, counter.whoIs(request));
    // They start a process: no foreign page may have a browser ask for that.
    if (startsProcess.has(question.path[2] ?? '') && request.headers[ownHeader] === undefined) {
      send(response, { status: 403, error: `the header ${ownHeader} must be there` });
      return;
    }
    if (question.path[0] === 'runs' && question.path[2] === 'events') {
      return openStream(response, question);
    }
    send(response, await answerOf(question, known));
  }

  function openStream(response: ServerResponse, { path, after }: Question): void {
    const channel = channels.of(path[1] ?? '');
    if (channel === null) {
      send(response, { status: 404, error: 'there is no such run' });
      return;
    }
    if (channels.viewers >= viewersMax) {
      send(response, { status: 503, error: `more than ${viewersMax} viewers look already` });
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    // Whoever asks for the head alone has all of it.
    if (response.req.method === 'HEAD') response.end();
    else channel.join(response, after);
  }

  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await listen(server, host, port);
  const looking = startLooking(channels, onTrouble);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      looking.stop();
      channels.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function startLooking(channels: RunChannels, onTrouble: (error: Error) => void) {
  let looks = 0;
  let isLooking = false;
  let last = '';
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      await channels.look();
      if (++looks % keepAliveEvery === 0) channels.keepAlive();
    } catch (error) {
      const { message } = error as Error;
      if (message !== last) onTrouble(error as Error);
      last = message;
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), lookInterval);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function setHeaders(response: ServerResponse, policy: string): void {
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
}

function showsToken(url: URL, { token }: DashboardAccess): boolean {
  const shown = url.searchParams.get('token');
  return token !== null && shown !== null && isToken(shown, token);
}

/** By its path alone, as if there were no host before it: `//x` is a path. Null where it is no address. */
function urlOf({ url = '/' }: IncomingMessage): URL | null {
  const path = url.replace(/^[/\\]+/, '/');
  return URL.canParse(path, 'http://dashboard') ? new URL(path, 'http://dashboard') : null;
}

/** The token leaves the address, where histories and shoulders see it. */
function takeToken(response: ServerResponse, url: URL, { token }: DashboardAccess): void {
  url.searchParams.delete('token');
  response.setHeader(
    'Set-Cookie',
    `${cookieName}=${encodeURIComponent(token ?? '')}; HttpOnly; SameSite=Strict; Path=/`,
  );
  // Never two slashes first: behind them a browser reads the name of another server.
  const path = url.pathname.replace(/^\/+/, '/');
  response.writeHead(303, { Location: `${path}${url.search}` }).end();
}

function questionOf(url: URL, request: IncomingMessage): Question {
  const [, api = '', ...path] = url.pathname.split('/').map((part) => safelyDecoded(part));
  const last = request.headers['last-event-id'];
  return {
    path: api === 'api' ? path : ['', api],
    query: url.searchParams,
    after: (typeof last === 'string' ? last : null) ?? url.searchParams.get('after'),
  };
}

function safelyDecoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead('error' in answer ? answer.status : 200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.end(textOf(answer));
}

function textOf(answer: Answer): string {
  if ('text' in answer) return answer.text;
  return JSON.stringify('error' in answer ? { error: answer.error } : answer.body);
}

function sendAsset(request: IncomingMessage, response: ServerResponse, asset: Asset): void {
  response.setHeader('ETag', asset.etag);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Vary', 'Accept-Encoding');
  if (request.headers['if-none-match'] === asset.etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader('Content-Type', asset.type);
  if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    response.setHeader('Content-Encoding', 'gzip').end(asset.gzipped);
  } else {
    response.end(asset.body);
  }
}

function listen(
  server: ReturnType<typeof createServer>,
  host: string,
  port: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new PortUnavailableError(
          `Cannot serve the dashboard on ${host}:${port}: ${cause.message}`,
          {
            cause,
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
