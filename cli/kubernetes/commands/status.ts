/** `lockstep status NAME`: all that is known of one training job; with `--watch`, until it ends. */
import { type ExitCode, exitCodes } from '../../../shared/exit-codes.js';
import { oneName } from '../../one-name.js';
import { sayFinished } from '../../output/json-line.js';
import { readClusterWords } from '../cluster/cluster-words.js';
import { findJob } from '../cluster/find-job.js';
import { onCluster } from '../cluster/open-cluster.js';
import { statusHelp } from '../kubernetes-help.js';
import { jobFields } from '../text/job-lines.js';
import { statusText } from '../text/status-text.js';
import { watchJob } from '../watch/watch-job.js';

/** @throws UsageError, ClusterLostError */
export async function statusCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readClusterWords('status', words, ['watch']);
  if (given === null) {
    process.stdout.write(`${statusHelp}\n`);
    return exitCodes.success;
  }
  const { positionals, values, where } = given;
  const name = oneName('status', "a job's NAME", positionals);
  return onCluster(where, async (cluster) => {
    const job = await findJob(cluster, name);
    if (values.watch === true) return watchJob({ cluster, job, where });
    if (where.json) sayFinished(jobFields(job));
    else process.stdout.write(`${statusText(job, Date.now())}\n`);
    return exitCodes.success;
  });
}
