/** `lockstep suspend NAME` and `lockstep resume NAME`: whether a training job has pods. */
import { type ExitCode, exitCodes } from '../../../shared/exit-codes.js';
import { oneName } from '../../one-name.js';
import { sayFinished } from '../../output/json-line.js';
import { UsageError } from '../../usage-error.js';
import { onward, readClusterWords, type Where } from '../cluster/cluster-words.js';
import { findJob } from '../cluster/find-job.js';
import { type Cluster, onCluster, placeOf } from '../cluster/open-cluster.js';
import { resumeHelp, suspendHelp } from '../kubernetes-help.js';

/** @throws UsageError, ClusterLostError */
export const suspendCommand = (words: readonly string[]): Promise<ExitCode> =>
  setSuspend('suspend', words);

/** @throws UsageError, ClusterLostError */
export const resumeCommand = (words: readonly string[]): Promise<ExitCode> =>
  setSuspend('resume', words);

const helps = { suspend: suspendHelp, resume: resumeHelp };

async function setSuspend(
  command: 'suspend' | 'resume',
  words: readonly string[],
): Promise<ExitCode> {
  const given = readClusterWords(command, words);
  if (given === null) {
    process.stdout.write(`${helps[command]}\n`);
    return exitCodes.success;
  }
  const name = oneName(command, "a job's NAME", given.positionals);
  const suspend = command === 'suspend';
  return onCluster(given.where, async (cluster) => {
    const changed = await change(cluster, name, suspend);
    if (given.where.json) sayFinished({ job: name, suspend, changed });
    else process.stdout.write(`${saidOf({ name, suspend, changed, where: given.where })}\n`);
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
