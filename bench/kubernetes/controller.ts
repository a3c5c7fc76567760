/**
 * `npm run --silent bench -- controller`: the controller against a real API server without nodes. Many jobs
 * at once, and then few of them while the controller is killed again and again.
 */
import { parseArgs } from 'node:util';
import { aligned } from '../../cli/output/text/aligned.js';
import { onCluster } from '../../e2e/kubernetes/controller/on-cluster.js';
import type { KilledResult, ManyJobsResult } from '../../e2e/kubernetes/controller/results.js';

/** 0 leaves a part out. */
export async function benchController(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      jobs: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '60' },
      kills: { type: 'string', default: '200' },
      'killed-jobs': { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { jobs, kills, seconds, seed } = values;
  const many =
    jobs === '0'
      ? null
      : await onCluster<ManyJobsResult>('many-jobs', ['--jobs', jobs, '--seconds', seconds]);
  if (many !== null) console.log(manyTable(many).join('\n'));
  const killed =
    kills === '0'
      ? null
      : await onCluster<KilledResult>('killed-controller', [
          ...['--jobs', values['killed-jobs'], '--kills', kills, '--seed', seed],
        ]);
  if (killed !== null) console.log(killedTable(killed).join('\n'));
  console.log(JSON.stringify({ many, killed }));
}

const manyTable = (result: ManyJobsResult): string[] =>
  aligned([
    [`${result.jobs} jobs at once`, ''],
    ['all children and a status of each, s', result.reconciledSeconds.toFixed(1)],
    ['requests until then', String(result.requests)],
    ['processor time until then, s', result.cpuSeconds.toFixed(1)],
    ['requests/s when nothing happens', result.quiet.requests.toFixed(1)],
    ['requests/s when all of them report', result.reporting.requests.toFixed(1)],
    ['% of a core when all of them report', result.reporting.cpuPercent.toFixed(1)],
    ['largest memory, MiB', result.peakMemoryMebibytes.toFixed(0)],
  ]);

const killedTable = (result: KilledResult): string[] =>
  aligned([
    [`${result.kills} kills while ${result.jobs} names change, seed ${result.seed}`, ''],
    ['jobs that there have been', String(result.made)],
    ['s to rest after the last kill', result.secondsToRest.toFixed(1)],
    ['jobs and children in the end', `${result.jobsLeft}, ${result.childrenLeft}`],
    ['accounts of deleted jobs left', String(result.accountsLeft)],
  ]);
