/** A job that tells other programs of itself, with what they ask for out of a Secret. */
import assert from 'node:assert/strict';
import { apply } from '../kubectl.js';
import type { KubernetesCase } from '../kubernetes-case.js';
import { conditionOf } from '../scene.js';
import { serveTracker, trackedCalls } from '../tracker-in-cluster.js';

const steps = 200;

export const told: KubernetesCase = {
  name: 'told',
  title: 'servers in the cluster are told of a job, by each of its coordinators in turn, once',
  compares: [],
  async run(scene) {
    const url = await serveTracker(scene);
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'trackers', namespace: scene.namespace },
      stringData: {
        MLFLOW_TRACKING_TOKEN: 'abc',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tracking=def',
      },
    });
    const job = await scene.launch('movies', steps, {
      spec: { history: { mlflow: { url }, otlp: { url } } },
      kubernetes: { history: { secretName: 'trackers' } },
    });
    await job.reachesStep(20);
    const pod = await job.runningPod('coordinator');
    await job.kubectl('delete', 'pod', pod.metadata.name, '--grace-period=0', '--force');
    const isComplete = ({ status }: { status?: object }): boolean =>
      conditionOf(status, 'Complete')?.status === 'True';
    await job.until('complete', isComplete, 400);
    // Who tells ends when all is told.
    const selector = 'app.kubernetes.io/component=coordinator';
    await job.kubectl('wait', '--for=condition=Complete', 'job', '-l', selector, '--timeout=60s');
    const calls = await trackedCalls(scene);
    const ofMlflow = calls.filter(({ call }) => !call.startsWith('/v1/'));
    const losses = ofMlflow.flatMap((call) => call.losses);
    assert.deepEqual(
      losses,
      Array.from({ length: steps }, (_, index) => index + 1),
    );
    assert.deepEqual(
      [...new Set(ofMlflow.map(({ authorization }) => authorization))],
      ['Bearer abc'],
    );
    assert.equal(ofMlflow.findLast(({ status }) => status !== undefined)?.status, 'FINISHED');
    const traces = calls.filter(({ call }) => call === '/v1/traces');
    assert.ok(traces.every(({ header }) => header === 'def'));
    const spans = new Set(traces.flatMap((call) => call.spans));
    assert.ok(spans.has('encode') && spans.has('reduce'), [...spans].join());
  },
};
