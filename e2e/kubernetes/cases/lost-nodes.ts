/** Nodes that are emptied, cut off or lost while a job trains. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { longSteps } from '../job.js';
import { get, kubectl } from '../kubectl.js';
import type { KubernetesCase } from '../kubernetes-case.js';
import type { LaunchedJob } from '../scene.js';

export const nodeDrained: KubernetesCase = {
  name: 'node-drained',
  nodes: 3,
  title: 'a node that is drained hands its workers over, and costs no bit',
  compares: [longSteps],
  async run(scene) {
    const job = await scene.launch('movies', longSteps);
    await job.trainsWith(2);
    const node = (await job.runningPod('worker')).spec.nodeName;
    const words = ['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=100s'];
    const namespaces = ['--pod-selector', 'lockstep.dev/job=movies'];
    try {
      await kubectl(['drain', node, ...words, ...namespaces]);
      await job.until('two workers elsewhere', ({ status }) => status.workers.training === 2);
      const nodes = (await job.pods('worker')).map(({ spec }) => spec.nodeName);
      assert.ok(!nodes.includes(node), `workers on ${nodes}, ${node} drained`);
    } finally {
      await kubectl(['uncordon', node]);
    }
    await job.completes();
  },
};

export const nodeCut: KubernetesCase = {
  name: 'node-cut',
  nodes: 3,
  title: 'a worker on a node that is cut off and comes back changes nothing',
  needs: ['nodes-to-lose'],
  compares: [longSteps],
  async run(scene) {
    const job = await scene.launch('movies', longSteps);
    await job.trainsWith(2);
    const node = await nodeToLose(job);
    execFileSync('node-cut', [node]);
    try {
      const { status } = await job.trainsWith(1);
      const reached = status.step;
      await job.reachesStep(reached + 20);
    } finally {
      execFileSync('node-join', [node]);
    }
    await job.completes();
  },
};

export const nodeKilled: KubernetesCase = {
  name: 'node-killed',
  nodes: 3,
  title: 'a node that is lost for good costs seconds and no bit',
  needs: ['nodes-to-lose'],
  compares: [longSteps],
  async run(scene) {
    const job = await scene.launch('movies', longSteps);
    await job.trainsWith(2);
    execFileSync('node-kill', [await nodeToLose(job)]);
    await job.trainsWith(1);
    await job.completes();
  },
};

/** The number of a node with a worker, and without a coordinator or the controller if there is one. */
async function nodeToLose(job: LaunchedJob): Promise<string> {
  const controller = await get('-n', 'lockstep-system', 'pods', '-l', controllerLabel);
  const others = new Set(
    [...controller.items, ...(await job.pods('coordinator'))].map(({ spec }) => spec.nodeName),
  );
  const nodes = (await job.pods('worker')).map(({ spec }) => String(spec.nodeName));
  const node = nodes.find((name) => !others.has(name)) ?? nodes[0];
  assert.ok(node !== undefined, 'no worker is on a node');
  return node.replace(/^node-/, '');
}

const controllerLabel = 'app.kubernetes.io/component=controller';
