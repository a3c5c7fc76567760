/** `lockstep logs NAME`: what the pods of a training job print. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, isGone } from '../../../k8s/api/api-error.js';
import type { Component } from '../../../k8s/names.js';
import type { PodObject } from '../../../k8s/objects/kubernetes-objects.js';
import { exitCodes } from '../../../shared/exit-codes.js';
import { integer } from '../../arguments.js';
import { logsHelp } from '../../kubernetes-help.js';
import { oneName } from '../../one-name.js';
import { sayFinished, sayJson } from '../../output/json-line.js';
import { UsageError } from '../../usage-error.js';
import { clusterCommand } from '../cluster/cluster-words.js';
import { findJob } from '../cluster/find-job.js';
import { byAge, hasBegun, podsOf } from '../cluster/job-pods.js';
import { type Cluster, onCluster, readJob } from '../cluster/open-cluster.js';

const lookAgainAfter = 1000;
const usualTail = 100;
const mostTail = 1_000_000;

/** The highest index of an Indexed Job that a training job may have. */
const mostIndex = 1023;

/** As Kubernetes puts it on each pod of an Indexed Job. */
const indexLabel = 'batch.kubernetes.io/job-completion-index';

interface LogsWish {
  readonly name: string;
  readonly components: readonly Component[];
  /** One worker; null for all. */
  readonly index: number | null;
  readonly tail: number;
  readonly follow: boolean;
  readonly say: (source: string, line: string) => void;
}

export const logsCommand = clusterCommand({
  name: 'logs',
  help: logsHelp,
  more: ['follow', 'tail', 'coordinator', 'worker'],
  async run({ positionals, values, where }) {
    const name = oneName('logs', "a job's NAME", positionals);
    const index = integer('--worker', values.worker, 0, mostIndex);
    const say = (source: string, line: string): void => {
      if (where.json) sayJson('log', { source, line });
      else process.stdout.write(`[${source}] ${line}\n`);
    };
    const wish: LogsWish = {
      ...{ name, index, say },
      components: componentsOf(values.coordinator === true, index),
      tail: integer('--tail', values.tail, 0, mostTail) ?? usualTail,
      follow: values.follow === true,
    };
    return onCluster(where, async (cluster) => {
      await findJob(cluster, name);
      const lines = wish.follow ? await followLogs(cluster, wish) : await printLogs(cluster, wish);
      if (where.json) sayFinished({ job: name, lines });
      return exitCodes.success;
    });
  },
});

function componentsOf(coordinator: boolean, index: number | null): readonly Component[] {
  if (coordinator && index !== null) {
    throw new UsageError('--coordinator and --worker exclude each other: both are given');
  }
  if (coordinator) return ['coordinator'];
  return index === null ? ['coordinator', 'worker'] : ['worker'];
}

async function wantedPods(cluster: Cluster, wish: LogsWish): Promise<PodObject[]> {
  const found = await Promise.all(wish.components.map((of) => podsOf(cluster, wish.name, of)));
  const isWanted = ({ metadata }: PodObject): boolean =>
    wish.index === null || metadata.labels?.[indexLabel] === String(wish.index);
  return found.flat().filter(isWanted).filter(hasBegun).sort(byAge);
}

/** One pod after the other. @returns how many lines */
async function printLogs(cluster: Cluster, wish: LogsWish): Promise<number> {
  const { signal } = new AbortController();
  let lines = 0;
  const pods = await wantedPods(cluster, wish);
  if (pods.length === 0) {
    throw new UsageError(`Cannot read logs of "${wish.name}": none of its pods has begun`);
  }
  for (const pod of pods) lines += await read(cluster, wish, pod, signal);
  return lines;
}

/** All at once, and those that come later; ends with the job, or by Ctrl-C. @returns how many lines */
async function followLogs(cluster: Cluster, wish: LogsWish): Promise<number> {
  const end = new AbortController();
  const stop = (): void => end.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const reading = new Map<string, Promise<number>>();
  try {
    while (!end.signal.aborted) {
      for (const pod of await wantedPods(cluster, wish)) {
        const key = pod.metadata.uid ?? pod.metadata.name;
        if (!reading.has(key)) reading.set(key, read(cluster, wish, pod, end.signal));
      }
      if (await isOver(cluster, wish.name)) break;
      await sleep(lookAgainAfter, undefined, { signal: end.signal }).catch(() => undefined);
    }
    const counts = await Promise.all(reading.values());
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    end.abort();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

async function isOver(cluster: Cluster, name: string): Promise<boolean> {
  try {
    const { status } = await readJob(cluster, name);
    return status?.state === 'Complete' || status?.state === 'Failed';
  } catch (error) {
    if (isGone(error)) return true;
    throw error;
  }
}

async function read(
  cluster: Cluster,
  { follow, say, tail }: LogsWish,
  { metadata }: PodObject,
  signal: AbortSignal,
): Promise<number> {
  const query = { tailLines: String(tail), ...(follow && { follow: 'true' }) };
  let lines = 0;
  try {
    const { api, namespace } = cluster;
    for await (const line of api.logLines({ namespace, pod: metadata.name, query, signal })) {
      say(metadata.name, line);
      lines++;
    }
  } catch (error) {
    // Its pod may go while it is read, and whoever reads may have had enough.
    const isOfPod = error instanceof ApiError && (error.status === 0 || isGone(error));
    if (!signal.aborted && !isOfPod) throw error;
  }
  return lines;
}
