/** A server within the cluster that a job tells of itself: as much of MLflow and of OTLP as that needs. */
import { version } from '../../process/version.js';
import { apply, kubectl } from './kubectl.js';
import type { Scene } from './scene.js';

/** Says each request as a line of JSON, and keeps the newest step of each metric. */
const program = `
const newest = new Map();
let isMade = false;
const run = () => ({
  info: { run_id: 'r' },
  data: { metrics: [...newest].map(([key, step]) => ({ key, step })) },
});
const answers = {
  'experiments/get-by-name': () => ({ experiment: { experiment_id: '1' } }),
  'runs/search': () => ({ runs: isMade ? [run()] : [] }),
  'runs/create': () => ((isMade = true), { run: run() }),
};
require('node:http').createServer(async (request, response) => {
  let text = '';
  for await (const piece of request) text += piece;
  const { pathname } = new URL(request.url, 'http://tracker');
  const call = pathname.replace('/api/2.0/mlflow/', '');
  const { metrics = [], resourceSpans = [], status } = text === '' ? {} : JSON.parse(text);
  for (const { key, step } of metrics) newest.set(key, step);
  const losses = metrics.filter(({ key }) => key === 'loss/train').map(({ step }) => step);
  const spans = resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans.map(({ name }) => name));
  const { authorization, 'x-tracking': header } = request.headers;
  console.log(JSON.stringify({ call, authorization, header, status, losses, spans }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answers[call]?.() ?? {}));
}).listen(5000);`;

const name = 'tracker';
const labels = { app: name };
const port = 5000;

export interface TrackedCall {
  /** `runs/log-batch`, `/v1/traces` */
  readonly call: string;
  readonly authorization?: string;
  readonly header?: string;
  readonly status?: string;
  /** Steps whose losses it brings. */
  readonly losses: readonly number[];
  /** Names of spans. */
  readonly spans: readonly string[];
}

/** @returns its address */
export async function serveTracker({ namespace }: Scene): Promise<string> {
  await apply(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ port }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: {
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name,
            // The one image that is there in any case, with a Node.js in it.
            image: `localhost/lockstep-coordinator:${version()}`,
            command: ['/usr/local/bin/node', '-e', program],
            readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    },
  );
  await kubectl(['wait', '-n', namespace, '--for=condition=Ready', `pod/${name}`, '--timeout=60s']);
  return `http://${name}.${namespace}.svc:${port}`;
}

/** All calls so far, in their order. */
export async function trackedCalls({ namespace }: Scene): Promise<TrackedCall[]> {
  const log = await kubectl(['logs', '-n', namespace, name]);
  return log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TrackedCall);
}
