/** `lockstep suspend NAME` and `lockstep resume NAME`: whether a training job has pods. */
import { type ExitCode, exitCodes } from '../../../shared/exit-codes.js';
import { resumeHelp, suspendHelp } from '../../kubernetes-help.js';
import { oneName } from '../../one-name.js';
import { sayFinished } from '../../output/json-line.js';
import { UsageError } from '../../usage-error.js';
import { type ClusterWords, clusterCommand, onward, type Where } from '../cluster/cluster-words.js';
import { findJob } from '../cluster/find-job.js';
import { type Cluster, onCluster, placeOf } from '../cluster/open-cluster.js';

export const suspendCommand = clusterCommand({
  name: 'suspend',
  help: suspendHelp,
  run: (given) => setSuspend(true, given),
});

export const resumeCommand = clusterCommand({
  name: 'resume',
  help: resumeHelp,
  run: (given) => setSuspend(false, given),
});

function setSuspend(suspend: boolean, { positionals, where }: ClusterWords): Promise<ExitCode> {
  const name = oneName(suspend ? 'suspend' : 'resume', "a job's NAME", positionals);
  return onCluster(where, async (cluster) => {
    const changed = await change(cluster, name, suspend);
    if (where.json) sayFinished({ job: name, suspend, changed });
    else process.stdout.write(`${saidOf({ name, suspend, changed, where })}\n`);
    return exitCodes.success;
  });
}

/** @returns whether it was otherwise before */
async function change(cluster: Cluster, name: string, suspend: boolean): Promise<boolean> {
  const { spec, status } = await findJob(cluster, name);
  if (status?.state === 'Complete' || status?.state === 'Failed') {
    throw new UsageError(
      `Cannot ${suspend ? 'suspend' : 'resume'} "${name}": it is over (${status.state})`,
    );
  }
  if ((spec.suspend === true) === suspend) return false;
  await cluster.api.patch(placeOf(cluster, name), { spec: { suspend } });
  return true;
}

interface Said {
  readonly name: string;
  readonly suspend: boolean;
  readonly changed: boolean;
  readonly where: Where;
}

function saidOf({ changed, name, suspend, where }: Said): string {
  if (!changed) return `${name} is ${suspend ? 'suspended' : 'not suspended'} already`;
  return suspend
    ? `${name} finishes its step, writes a checkpoint and frees its pods; to go on: ${onward(`resume ${name}`, where)}`
    : `${name} goes on from where it was; to watch it: ${onward(`status ${name} --watch`, where)}`;
}
