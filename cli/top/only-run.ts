import type { Bus } from '../../shared/bus.js';
import { isEvaluation } from '../../shared/run/run-id.js';
import { claimsBucket, runOfLog } from '../../shared/subjects.js';
import { type FoundRun, findRun } from '../cluster/find-run.js';
import { UsageError } from '../usage-error.js';

/** The only live run of a server. @throws UsageError where none lives there, or several do */
export async function onlyRun(bus: Bus): Promise<FoundRun> {
  const runs = (await bus.names()).streams.map(runOfLog).filter((run) => run !== null);
  const jobs = [...new Set(runs.filter(({ run }) => !isEvaluation(run)).map(({ job }) => job))];
  const claims = await bus.findValues(claimsBucket);
  const live: string[] = [];
  for (const job of jobs.sort()) {
    if (((await claims?.get(job)) ?? null) !== null) live.push(job);
  }
  const [only, ...others] = live;
  if (only !== undefined && others.length === 0) return findRun(bus, only);
  const what =
    only === undefined ? 'none is live on this nats-server' : `${live.join(', ')} are live`;
  const known =
    only === undefined && jobs.length > 0 ? `; it knows runs of ${jobs.join(', ')}` : '';
  throw new UsageError(
    `Cannot choose a run to watch: ${what}${known}: name one: lockstep top NAME`,
  );
}
