/** Pods that go while a job trains: each is missed for seconds, and none changes the result. */
import assert from 'node:assert/strict';
import { shortSteps } from '../job.js';
import { get, kubectl, until } from '../kubectl.js';
import type { KubernetesCase } from '../kubernetes-case.js';

const system = 'lockstep-system';

export const workerDeleted: KubernetesCase = {
  name: 'worker-deleted',
  title: 'a worker that is deleted in the middle of a step costs seconds and no bit',
  compares: [shortSteps],
  async run(scene) {
    const job = await scene.launch('movies', shortSteps);
    await job.trainsWith(2);
    await job.reachesStep(10);
    const pod = await job.runningPod('worker');
    await job.kubectl('delete', 'pod', pod.metadata.name, '--grace-period=0', '--force');
    await job.until('a recovery', ({ status }) => (status?.recoveries ?? []).length > 0);
    const { status } = await job.completes();
    const { cause, detectSeconds, resumeSeconds } = status.recoveries[0];
    assert.ok(detectSeconds + resumeSeconds < 10, JSON.stringify(status.recoveries));
    assert.ok(['lost', 'left', 'link'].includes(cause), cause);
  },
};

export const coordinatorDeleted: KubernetesCase = {
  name: 'coordinator-deleted',
  title: 'a coordinator that is deleted is replaced, and its job goes on where it was',
  compares: [shortSteps],
  async run(scene) {
    const job = await scene.launch('movies', shortSteps);
    await job.reachesStep(10);
    const pod = await job.runningPod('coordinator');
    await job.kubectl('delete', 'pod', pod.metadata.name, '--grace-period=0', '--force');
    await job.completes();
  },
};

export const controllerKilled: KubernetesCase = {
  name: 'controller-killed',
  title: 'a controller that is killed misses nothing when it is back',
  compares: [shortSteps],
  async run(scene) {
    const job = await scene.launch('movies', shortSteps);
    await job.reachesStep(10);
    const selector = 'app.kubernetes.io/component=controller';
    const words = ['delete', 'pod', '-n', system, '-l', selector, '--grace-period=0', '--force'];
    await kubectl(words);
    await job.completes();
  },
};

export const natsDeleted: KubernetesCase = {
  name: 'nats-deleted',
  title: 'a nats-server of three that is deleted pauses nothing for long',
  compares: [shortSteps],
  async run(scene) {
    const job = await scene.launch('movies', shortSteps);
    await job.reachesStep(10);
    const { items } = await get('-n', system, 'pods', '-l', 'app.kubernetes.io/component=nats');
    const name = items[0].metadata.name;
    await kubectl(['delete', 'pod', '-n', system, name, '--grace-period=0', '--force']);
    await job.completes();
    const isReady = ({ status }: { status?: { readyReplicas?: number; replicas?: number } }) =>
      status?.readyReplicas === status?.replicas;
    await until(['-n', system, 'statefulset', 'lockstep-nats'], 'NATS is whole again', isReady, 90);
  },
};
