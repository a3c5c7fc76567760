/** Worker processes with the plain engine and their own training threads, links and connections. */

import { type RunningJob, runCluster } from '../../cli/cluster/run-cluster.js';
import type { Recovered } from '../../shared/messages/run-events.js';
import { inFolder, withCluster } from './bench-cluster.js';
import { type Load, measureLoad } from './load.js';
import { writeJob } from './plan-job.js';
import type { Join } from './run-observer.js';

export interface RealOptions {
  readonly workers: number;
  readonly steps: number;
}

export interface RealResult {
  readonly workers: number;
  readonly load: Load;
  /** Of the worker that was killed and came back, from its first status. */
  readonly join: Join;
  readonly loss: Recovered | null;
  /** Changes that nobody asked for besides the one that was. */
  readonly otherLosses: number;
}

export function benchReal({ steps, workers }: RealOptions): Promise<RealResult> {
  return inFolder(async (folder) => {
    const lanes = 2 * workers;
    const { dataset, job } = await writeJob(folder, {
      ...{ name: 'bench', lanes, workers, steps: 1_000_000, sequences: 1 },
    });
    return withCluster({ dataset, folder, job, workers }, async ({ observer, options, server }) => {
      const run = runCluster({
        ...{ ...options, natsUrl: server.url },
        onEvent: () => undefined,
        onProcess: () => undefined,
      });
      void run.end.then((end) => observer.fail(new Error(`The run ended: ${end.kind}`)));
      try {
        await observer.until(() => observer.commits.length >= 10);
        const load = measureLoad(pidOf(run, 'coordinator'), observer);
        const half = observer.commits.length + steps / 2;
        await observer.until(() => observer.commits.length >= half);
        const lost = `worker-${workers - 1}`;
        const joining = observer.joining(lost);
        process.kill(pidOf(run, lost), 'SIGKILL');
        const join = await joining;
        const end = observer.commits.length + steps / 2;
        await observer.until(() => observer.commits.length >= end);
        const losses = observer.recoveries.filter(({ planned }) => !planned);
        const loss = losses.find(({ workers: who }) => who.includes(lost)) ?? null;
        return {
          workers,
          load: load(),
          join,
          loss,
          otherLosses: losses.filter((one) => one !== loss).length,
        };
      } finally {
        run.stopAtOnce();
        await run.end;
      }
    });
  });
}

function pidOf(run: RunningJob, name: string): number {
  const found = run.processes().find((process) => process.name === name);
  if (found === undefined) throw new Error(`Cannot measure: ${name} does not run`);
  return found.pid;
}
