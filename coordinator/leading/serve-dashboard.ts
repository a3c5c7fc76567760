/** The dashboard of the run that this process coordinates. */

import type { readOptions } from '../../process/options.js';
import { PortUnavailableError } from '../../process/port-unavailable-error.js';
import { version } from '../../process/version.js';
import type { RunId } from '../../shared/ids.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { Log } from '../../shared/log.js';
import { readDashboardAccess } from '../dashboard/server/access.js';
import { type DashboardServer, startDashboard } from '../dashboard/server/dashboard-server.js';
import { LogRun } from '../dashboard/sources/log-run.js';

type Options = ReturnType<typeof readOptions>;

export function shownRun(spec: TrainingJob, run: RunId, options: Options): LogRun {
  return new LogRun({
    run,
    job: { name: spec.metadata.name, sha256: jobDigest(spec), spec },
    folder: options.optional('dashboard-folder') ?? null,
    versions: { lockstep: version(), node: process.versions.node },
  });
}

/**
 * Training does not depend on it: where its port is taken meanwhile, another one serves; where it cannot
 * be served, the log says why.
 *
 * @returns null where it is not served
 * @throws OptionError
 */
export async function serveDashboard(
  shown: LogRun,
  options: Options,
  log: Log,
): Promise<DashboardServer | null> {
  const host = options.optional('dashboard-host') ?? '127.0.0.1';
  const wanted = options.integer('dashboard-port', 0, 65535, 0);
  const onTrouble = (error: Error): void => log.warn({}, error.message);
  const access = readDashboardAccess(host);
  for (const port of wanted === 0 ? [0] : [wanted, 0]) {
    try {
      return await startDashboard({ sources: shown, host, port, access, onTrouble });
    } catch (error) {
      onTrouble(error as Error);
      if (!(error instanceof PortUnavailableError)) return null;
    }
  }
  return null;
}
