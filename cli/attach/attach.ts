/** `lockstep attach NAME`: watches a run from anywhere, as the command that trains would show it. */
import type { Bus } from '../../shared/bus.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import { logStream } from '../../shared/subjects.js';
import { findRun } from '../cluster/find-run.js';
import { followRun } from '../cluster/follow-run.js';
import { runEndOf } from '../cluster/run-end.js';
import { readWatchArguments } from '../cluster/watch-arguments.js';
import { attachHelp } from '../help.js';
import { openOwnDisplay } from '../output/display/own-display.js';
import { metricsTable } from '../output/end/metrics-table.js';
import { sayJson } from '../output/json-line.js';
import { RunView } from '../output/run-view.js';
import { ownCommand } from '../output/text/own-command.js';
import { useServer } from '../use-server.js';

/** @throws UsageError */
export async function attachCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readWatchArguments('attach', words);
  if (given === null) {
    process.stdout.write(`${attachHelp}\n`);
    return exitCodes.success;
  }
  const display = openOwnDisplay(given.json);
  const time = (): string => new Date().toISOString();
  const view = new RunView({
    display,
    history: null,
    ledger: null,
    metricsTable,
    next: () => ({ resumes: false, command: ownCommand(['attach', ...words]) }),
    time,
  });
  const attach = async (bus: Bus): Promise<ExitCode> => {
    const run = await findRun(bus, given.name);
    const log = await bus.openLog(logStream(run));
    const onEvent = (event: RunEvent, at: string): void => view.see(event, at);
    const followed = await followRun({ bus, log, run, from: 1, onEvent, time });
    const again = ownCommand(['attach', ...words]);
    const detach = detached(() =>
      display.note(`detached: the run goes on; to watch it again: ${again}`),
    );
    try {
      const end = await Promise.race([followed.end, detach.asked, lost(bus.closed)]);
      if (end !== null) return view.end(runEndOf(end));
      if (given.json) sayJson('left', { exitCode: exitCodes.success, job: given.name });
      return exitCodes.success;
    } finally {
      detach.close();
      followed.close();
    }
  };
  return useServer(given.nats, (bus) => attach(bus).finally(() => bus.close()), {
    reconnect: true,
  });
}

async function lost(closed: Promise<Error | null>): Promise<null> {
  const error = await closed;
  if (error !== null) throw error;
  return null;
}

/** Ctrl-C leaves the run as it is. */
function detached(onAsked: () => void): { readonly asked: Promise<null>; close(): void } {
  let ask: () => void = () => undefined;
  const asked = new Promise<null>((resolve) => {
    ask = () => {
      onAsked();
      resolve(null);
    };
  });
  process.once('SIGINT', ask);
  process.once('SIGTERM', ask);
  return {
    asked,
    close() {
      process.off('SIGINT', ask);
      process.off('SIGTERM', ask);
    },
  };
}
