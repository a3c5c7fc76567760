/**
 * Where coordinators report: POST /v1/reports/NAMESPACE/NAME/UID. It listens where all pods of the cluster
 * may connect, so what it does for someone who has shown nothing is bounded: a body of a known size, one
 * hash of it, and few connections.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PortUnavailableError } from '../../../process/port-unavailable-error.js';
import { type JobReport, jobReportBytes } from '../../../shared/messages/job-report.js';
import { judgeReport } from './judge-report.js';

/** A coordinator each of as many jobs as one controller carries, twice. */
const connectionsMax = 2_000;
/** Coordinators are in the same cluster. */
const requestTimeout = 5_000;
/** How soon after that somebody who says nothing is cut off; Node looks every 30 s otherwise. */
const checkInterval = 1_000;
/** Of a job, read at once: a leader sends one, and its successor may. Before a body is there nobody knows whose it is. */
const bodiesPerJob = 2;
/** Between two of a job: a leader sends one a second, and four when it goes. */
const shortestPause = 100;

export interface ReportServerOptions {
  readonly host: string;
  readonly port: number;
  /** The key of a job that there is; null where there is none of that name and uid. */
  readonly keyOf: (namespace: string, name: string, uid: string) => Uint8Array | null;
  /** @returns whether it is newer than the last one */
  readonly onReport: (namespace: string, name: string, report: JobReport) => boolean;
  readonly onAnswer: (status: number) => void;
  /** A clock, in milliseconds. */
  readonly now: () => number;
}

export interface ReportServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startReportServer(options: ReportServerOptions): Promise<ReportServer> {
  const traffic: Traffic = { reading: new Map(), lastAt: new Map() };
  const server = createServer(
    { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval: checkInterval },
    (request, response) => {
      answer(request, options, traffic)
        .catch(() => ({ status: 400, text: 'the request broke off' }))
        .then(({ status, text }) => reply(response, status, text, options));
    },
  );
  server.maxConnections = connectionsMax;
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** By the uid of the job. */
interface Traffic {
  readonly reading: Map<string, number>;
  readonly lastAt: Map<string, number>;
}

/** Jobs whose last report is remembered. */
const lastMax = 10_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

const path = /^\/v1\/reports\/([a-z0-9.-]{1,63})\/([a-z0-9.-]{1,63})\/([A-Za-z0-9-]{1,128})$/;

async function answer(
  request: IncomingMessage,
  { keyOf, now, onReport }: ReportServerOptions,
  { lastAt, reading }: Traffic,
): Promise<Answer> {
  const [, namespace = '', name = '', uid = ''] = path.exec(request.url ?? '') ?? [];
  if (uid === '') return { status: 404, text: 'there is no such path' };
  if (request.method !== 'POST') return { status: 405, text: 'a report is sent by POST' };
  const key = keyOf(namespace, name, uid);
  if (key === null) return { status: 404, text: 'there is no such job' };
  const others = reading.get(uid) ?? 0;
  if (others >= bodiesPerJob) return { status: 429, text: 'other reports of this job are read' };
  reading.set(uid, others + 1);
  const body = await bodyOf(request).finally(() => {
    const left = (reading.get(uid) ?? 1) - 1;
    if (left === 0) reading.delete(uid);
    else reading.set(uid, left);
  });
  if (body === null) {
    return { status: 413, text: `a report has at most ${jobReportBytes} bytes` };
  }
  if (now() - (lastAt.get(uid) ?? Number.NEGATIVE_INFINITY) < shortestPause) {
    return { status: 429, text: `between two reports of a job are at least ${shortestPause} ms` };
  }
  const judged = judgeReport(body, request.headers.authorization, key, uid);
  // Whoever does not have the key keeps nobody else from reporting.
  if (judged.kind === 'report' || judged.status !== 401) {
    if (lastAt.size >= lastMax) lastAt.clear();
    lastAt.set(uid, now());
  }
  if (judged.kind === 'refused') return { status: judged.status, text: judged.reason };
  return onReport(namespace, name, judged.report)
    ? { status: 204, text: '' }
    : { status: 409, text: 'a newer one was received before' };
}

/** Null where it is too long; then what follows is not read. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > jobReportBytes) return null;
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    length += (piece as Buffer).length;
    if (length > jobReportBytes) return null;
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

function reply(
  response: ServerResponse,
  status: number,
  text: string,
  { onAnswer }: ReportServerOptions,
): void {
  onAnswer(status);
  // What is still to come of the body is not read.
  if (status === 413 || status === 429) response.setHeader('connection', 'close');
  response
    .writeHead(status, { 'content-type': 'text/plain' })
    .end(status === 204 ? undefined : text);
}

function listen(server: Server, { host, port }: ReportServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new PortUnavailableError(`Cannot receive reports on ${host}:${port}: ${cause.message}`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}
