/** `lockstep list`: the training jobs of a namespace, or of all. */
import { exitCodes } from '../../../shared/exit-codes.js';
import { listHelp } from '../../kubernetes-help.js';
import { sayFinished, sayJson } from '../../output/json-line.js';
import { UsageError } from '../../usage-error.js';
import { clusterCommand } from '../cluster/cluster-words.js';
import { listJobs, onCluster } from '../cluster/open-cluster.js';
import { jobFields } from '../text/job-lines.js';
import { jobTable } from '../text/job-table.js';

export const listCommand = clusterCommand({
  name: 'list',
  help: listHelp,
  more: ['all-namespaces'],
  async run({ positionals, values, where }) {
    if (positionals.length > 0) {
      throw new UsageError(
        `Cannot run "lockstep list": it takes no name: it got ${positionals[0]}`,
      );
    }
    const namespaces = values['all-namespaces'] === true;
    return onCluster(where, async (cluster) => {
      const jobs = await listJobs(cluster, namespaces ? null : cluster.namespace);
      if (where.json) {
        for (const job of jobs) sayJson('job', jobFields(job));
        sayFinished({ jobs: jobs.length });
      } else if (jobs.length === 0) {
        const place = namespaces ? 'any namespace' : `the namespace ${cluster.namespace}`;
        process.stdout.write(`No training job in ${place}.\n`);
      } else {
        process.stdout.write(`${jobTable(jobs, { now: Date.now(), namespaces })}\n`);
      }
      return exitCodes.success;
    });
  },
});
