/** Finds a run by its job's name on a nats-server that others may use too. */
import type { Bus } from '../../shared/bus.js';
import { jobId } from '../../shared/ids.js';
import { decodeClaim } from '../../shared/run/claim.js';
import { isEvaluation, type RunAddress, readRunId } from '../../shared/run/run-id.js';
import { claimsBucket, runOfLog } from '../../shared/subjects.js';
import { UsageError } from '../usage-error.js';
import { lastEntry } from './last-entry.js';

export interface FoundRun extends RunAddress {
  /** Whether someone leads it; else it is over, and only its log is left. */
  readonly isLive: boolean;
}

/**
 * The live run of the name, else the one that ended last.
 *
 * @throws UsageError where the server knows none of that name; BusLostError, BusRefusedError
 */
export async function findRun(bus: Bus, name: string): Promise<FoundRun> {
  const job = jobId(name);
  // A user who only watches may not make the store: the first coordinator of the server does.
  const claimed = (await (await bus.findValues(claimsBucket))?.get(name)) ?? null;
  const live = claimed === null ? null : readRunId(decodeClaim(claimed.data).run);
  if (live !== null) return { job, run: live, isLive: true };
  const logs = (await bus.names()).streams.flatMap((stream) => {
    const run = runOfLog(stream);
    return run === null || isEvaluation(run.run) ? [] : [{ stream, run }];
  });
  const last = await newestOf(
    bus,
    logs.filter(({ run }) => run.job === job),
  );
  if (last !== null) return { ...last, isLive: false };
  const others = [...new Set(logs.map(({ run }) => run.job))].sort();
  throw new UsageError(
    `Cannot find a run of the job ${JSON.stringify(name)}: this nats-server ` +
      (others.length === 0 ? 'knows no run' : `knows runs of ${others.join(', ')}`),
  );
}

interface RunLog {
  readonly stream: string;
  readonly run: RunAddress;
}

async function newestOf(bus: Bus, logs: readonly RunLog[]): Promise<RunAddress | null> {
  let newest: { readonly run: RunAddress; readonly time: string } | null = null;
  for (const { stream, run } of logs) {
    const time = await lastTime(bus, stream);
    if (time !== null && (newest === null || time > newest.time)) newest = { run, time };
  }
  return newest?.run ?? null;
}

/** Of the log's newest entry, ISO 8601; null for an empty log. */
const lastTime = async (bus: Bus, stream: string): Promise<string | null> =>
  (await lastEntry(await bus.openLog(stream)))?.time ?? null;
