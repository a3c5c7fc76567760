/** `lockstep status NAME`: all that is known of one training job; with `--watch`, until it ends. */
import { exitCodes } from '../../../shared/exit-codes.js';
import { statusHelp } from '../../kubernetes-help.js';
import { oneName } from '../../one-name.js';
import { sayFinished } from '../../output/json-line.js';
import { clusterCommand } from '../cluster/cluster-words.js';
import { findJob } from '../cluster/find-job.js';
import { onCluster } from '../cluster/open-cluster.js';
import { jobFields } from '../text/job-lines.js';
import { statusText } from '../text/status-text.js';
import { watchJob } from '../watch/watch-job.js';

export const statusCommand = clusterCommand({
  name: 'status',
  help: statusHelp,
  more: ['watch'],
  async run({ positionals, values, where }) {
    const name = oneName('status', "a job's NAME", positionals);
    return onCluster(where, async (cluster) => {
      const job = await findJob(cluster, name);
      if (values.watch === true) return watchJob({ cluster, job, where });
      if (where.json) sayFinished(jobFields(job));
      else process.stdout.write(`${statusText(job, Date.now())}\n`);
      return exitCodes.success;
    });
  },
});
