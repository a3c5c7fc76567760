/** `lockstep delete NAME`: removes a training job with its pods and streams; checkpoints stay. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isGone } from '../../../k8s/api/api-error.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { jobLabel } from '../../../k8s/names.js';
import type { PodObject } from '../../../k8s/objects/kubernetes-objects.js';
import { exitCodes } from '../../../shared/exit-codes.js';
import { deleteHelp } from '../../kubernetes-help.js';
import { oneName } from '../../one-name.js';
import { sayFinished } from '../../output/json-line.js';
import { clusterCommand } from '../cluster/cluster-words.js';
import { findJob } from '../cluster/find-job.js';
import { type Cluster, onCluster, placeOf, readJob } from '../cluster/open-cluster.js';

const lookAgainAfter = 1000;

export const deleteCommand = clusterCommand({
  name: 'delete',
  help: deleteHelp,
  more: ['no-wait'],
  async run({ positionals, values, where }) {
    const name = oneName('delete', "a job's NAME", positionals);
    const say = (text: string): void => void (where.json || process.stdout.write(`${text}\n`));
    return onCluster(where, async (cluster) => {
      const job = await findJob(cluster, name);
      await cluster.api.remove(placeOf(cluster, name), job.metadata.uid);
      const waits = values['no-wait'] !== true;
      if (waits) await untilGone(cluster, job, say);
      say(`${name} is ${waits ? 'deleted' : 'being deleted'}`);
      if (where.json) sayFinished({ job: name, gone: waits });
      return exitCodes.success;
    });
  },
});

/** Ctrl-C only ends the waiting: the deletion goes on by itself. */
async function untilGone(
  cluster: Cluster,
  { metadata }: TrainingJobObject,
  say: (text: string) => void,
): Promise<void> {
  let said = '';
  for (;;) {
    const left = await whatIsLeft(cluster, metadata.name, metadata.uid);
    if (left === null) return;
    if (left !== said) say(`waiting for ${left}`);
    said = left;
    await sleep(lookAgainAfter);
  }
}

/** Null where nothing is. */
async function whatIsLeft(cluster: Cluster, name: string, uid: string): Promise<string | null> {
  const { items } = await cluster.api.list('Pod', cluster.namespace, `${jobLabel}=${name}`);
  const pods = (items as readonly PodObject[]).map(({ metadata }) => metadata.name);
  const object = await readJob(cluster, name).catch((error: unknown) => {
    if (isGone(error)) return null;
    throw error;
  });
  // Another one of the same name has come since.
  if (object !== null && object.metadata.uid !== uid) return null;
  if (object !== null) {
    const finalizers = (object.metadata.finalizers ?? []).join(', ');
    return finalizers === '' ? 'the API server' : `the controller (${finalizers})`;
  }
  return pods.length === 0 ? null : `its pods: ${pods.join(', ')}`;
}
