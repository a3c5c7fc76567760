/** `lockstep submit FILE`: puts the job of a file on a cluster, where the controller makes pods of it. */
import { isGone } from '../../../k8s/api/api-error.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { exitCodes } from '../../../shared/exit-codes.js';
import { submitHelp } from '../../kubernetes-help.js';
import { oneName } from '../../one-name.js';
import { sayFinished } from '../../output/json-line.js';
import { clusterCommand, onward, type Where } from '../cluster/cluster-words.js';
import { type Cluster, onCluster, readJob } from '../cluster/open-cluster.js';
import { readSubmission, type Submission } from '../submission.js';
import { watchJob } from '../watch/watch-job.js';

export const submitCommand = clusterCommand({
  name: 'submit',
  help: submitHelp,
  more: ['set', 'dry-run', 'force', 'watch'],
  async run({ positionals, values, where }) {
    const file = oneName('submit', "the job's FILE", positionals);
    const submission = readSubmission(file, values.set ?? []);
    const force = values.force === true;
    const namespace = where.namespace ?? submission.metadata.namespace ?? null;
    return onCluster({ ...where, namespace }, async (cluster) => {
      if (values['dry-run'] === true) {
        await apply(cluster, submission, force, true);
        const text = `${submission.metadata.name} would be accepted in the namespace ${cluster.namespace}`;
        if (where.json) sayFinished({ job: submission.metadata.name, accepted: true });
        else process.stdout.write(`${text}\n`);
        return exitCodes.success;
      }
      const before = await existing(cluster, submission.metadata.name);
      const job = await apply(cluster, submission, force, false);
      const how = howItWent(before, job);
      // With --watch, --json prints the lines of the run.
      if (!where.json) process.stdout.write(`${saidOf(job, how, where)}\n`);
      if (values.watch === true) return watchJob({ cluster, job, where });
      const { name, uid } = job.metadata;
      if (where.json) sayFinished({ job: name, namespace: cluster.namespace, uid, how });
      return exitCodes.success;
    });
  },
});

async function apply(
  { api, namespace, trial }: Cluster,
  { metadata, ...rest }: Submission,
  force: boolean,
  dryRun: boolean,
): Promise<TrainingJobObject> {
  const object = { ...rest, metadata: { ...metadata, namespace } };
  const applied = await (dryRun ? trial : api).apply(object, force);
  return applied as unknown as TrainingJobObject;
}

const existing = (cluster: Cluster, name: string): Promise<TrainingJobObject | null> =>
  readJob(cluster, name).catch((error: unknown) => {
    // Of a cluster without the definition as well: then applying fails, and says so.
    if (isGone(error)) return null;
    throw error;
  });

type How = 'created' | 'changed' | 'unchanged';

function howItWent(before: TrainingJobObject | null, after: TrainingJobObject): How {
  if (before === null) return 'created';
  return before.metadata.resourceVersion === after.metadata.resourceVersion
    ? 'unchanged'
    : 'changed';
}

function saidOf({ metadata, status }: TrainingJobObject, how: How, where: Where): string {
  const { name, namespace } = metadata;
  const text = `${name} ${how} in the namespace ${namespace}`;
  const state = status?.state;
  return state === 'Complete' || state === 'Failed'
    ? `${text}: it is over (${state}); to train it anew: ${onward(`delete ${name}`, where)}`
    : text;
}
