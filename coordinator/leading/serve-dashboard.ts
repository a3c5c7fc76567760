/** The dashboard of the run that this process coordinates. */

import { isLoopback } from '../../process/addresses/announced-address.js';
import type { readOptions } from '../../process/options.js';
import { PortUnavailableError } from '../../process/port-unavailable-error.js';
import { version } from '../../process/version.js';
import type { Bus } from '../../shared/bus.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { Log } from '../../shared/log.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { readDashboardAccess } from '../dashboard/server/access.js';
import { type DashboardServer, startDashboard } from '../dashboard/server/dashboard-server.js';
import { readOperatorToken } from '../dashboard/server/operators/operator-access.js';
import { LogRun } from '../dashboard/sources/log-run.js';
import type { EntryReader } from './log-follower.js';
import { RunRequests } from './run-requests.js';

type Options = ReturnType<typeof readOptions>;

/** The run as its log tells it, and what operators ask of it. */
export interface ShownRun extends EntryReader {
  readonly source: LogRun;
  close(): void;
}

export function shownRun(
  spec: TrainingJob,
  run: RunAddress,
  { bus, options }: { readonly bus: Bus; readonly options: Options },
): ShownRun {
  const requests = new RunRequests(bus, run);
  const source = new LogRun({
    run: run.run,
    actions: requests,
    job: { name: spec.metadata.name, sha256: jobDigest(spec), spec },
    folder: options.optional('dashboard-folder') ?? null,
    versions: { lockstep: version(), node: process.versions.node },
  });
  return {
    source,
    add: (entry) => {
      source.add(entry);
      requests.see(entry);
    },
    restart: () => source.restart(),
    close: () => requests.close(),
  };
}

/**
 * Training does not depend on it: where its port is taken meanwhile, another one serves; where it cannot
 * be served, the log says why.
 *
 * @returns null where it is not served
 * @throws OptionError
 */
export async function serveDashboard(
  sources: LogRun,
  options: Options,
  log: Log,
): Promise<DashboardServer | null> {
  const host = options.optional('dashboard-host') ?? '127.0.0.1';
  const wanted = options.integer('dashboard-port', 0, 65535, 0);
  const onTrouble = (error: Error): void => log.warn({}, error.message);
  const access = readDashboardAccess(host);
  const operatorToken = operatorTokenIfAny(onTrouble);
  if (operatorToken !== null && !isLoopback(host)) {
    log.warn(
      {},
      `what operators type into ${host} is hidden by a proxy with TLS before it, or by nothing`,
    );
  }
  const parts = { sources, host, access, operatorToken, log, onTrouble };
  for (const port of wanted === 0 ? [0] : [wanted, 0]) {
    try {
      return await startDashboard({ ...parts, port });
    } catch (error) {
      onTrouble(error as Error);
      if (!(error instanceof PortUnavailableError)) return null;
    }
  }
  return null;
}

/** The command has refused a wrong one; what was removed since must not keep the run from a coordinator. */
function operatorTokenIfAny(onTrouble: (error: Error) => void): string | null {
  try {
    return readOperatorToken();
  } catch (error) {
    onTrouble(error as Error);
    return null;
  }
}
