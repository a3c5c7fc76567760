/** `lockstep list`: the training jobs of a namespace, or of all. */
import { type ExitCode, exitCodes } from '../../../shared/exit-codes.js';
import { sayFinished, sayJson } from '../../output/json-line.js';
import { UsageError } from '../../usage-error.js';
import { readClusterWords } from '../cluster/cluster-words.js';
import { listJobs, onCluster } from '../cluster/open-cluster.js';
import { listHelp } from '../kubernetes-help.js';
import { jobFields } from '../text/job-lines.js';
import { jobTable } from '../text/job-table.js';

/** @throws UsageError, ClusterLostError */
export async function listCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readClusterWords('list', words, ['all-namespaces']);
  if (given === null) {
    process.stdout.write(`${listHelp}\n`);
    return exitCodes.success;
  }
  const { positionals, values, where } = given;
  if (positionals.length > 0) {
    throw new UsageError(`Cannot run "lockstep list": it takes no name: it got ${positionals[0]}`);
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
}
