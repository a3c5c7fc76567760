/** `lockstep dashboard [FOLDER]`: shows finished and running runs in a browser until it is interrupted. */
import { existsSync } from 'node:fs';
import { readDashboardAccess } from '../../coordinator/dashboard/server/access.js';
import { startDashboard } from '../../coordinator/dashboard/server/dashboard-server.js';
import { RunsFolder } from '../../coordinator/dashboard/sources/runs-folder.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { silentLog } from '../../shared/log.js';
import { dashboardHelp } from '../help.js';
import { printable } from '../output/text/printable.js';
import { UsageError } from '../usage-error.js';
import { askerOf } from './ask-run.js';
import { auditorOf } from './audit-runner.js';
import { readDashboardArguments } from './dashboard-arguments.js';

/** @throws UsageError, OptionError, PortUnavailableError */
export async function dashboardCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readDashboardArguments(words);
  if (given === null) {
    process.stdout.write(`${dashboardHelp}\n`);
    return exitCodes.success;
  }
  const { folder, host, json, port } = given;
  if (!existsSync(folder)) {
    throw new UsageError(
      `Cannot show "${folder}": there is no such folder: it must be the --output of a run, or a folder of runs`,
    );
  }
  const onTrouble = (error: Error): void => {
    process.stderr.write(`lockstep: ${printable(error.message)}\n`);
  };
  const sources = new RunsFolder(folder, {
    tools: (of) => ({ recommend: askerOf(of), audit: auditorOf(of) }),
    onTrouble,
  });
  await sources.refresh();
  const server = await startDashboard({
    ...{ sources, host, port },
    access: readDashboardAccess(host),
    ...{ operatorToken: null, log: silentLog },
    onTrouble,
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}/`;
  const runs = sources.runs().length;
  const { leftOut } = sources;
  const time = new Date().toISOString();
  process.stdout.write(
    json
      ? `${JSON.stringify({ kind: 'serving', time, url, runs })}\n`
      : `${countOf(runs, leftOut)} of ${folder} at ${url}\nCtrl-C ends it.\n`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await server.close();
  return exitCodes.success;
}

function countOf(runs: number, leftOut: number): string {
  if (leftOut > 0) return `the newest ${runs} of ${runs + leftOut} runs`;
  return `${runs} ${runs === 1 ? 'run' : 'runs'}`;
}
