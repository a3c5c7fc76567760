/** `lockstep stop NAME`: asks a run to finish its step, write a checkpoint and end. */
import { hostname } from 'node:os';
import type { Bus } from '../../shared/bus.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { stopRequestInterval } from '../../shared/limits.js';
import { encodeControl } from '../../shared/messages/cluster/control.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { controlSubject, logStream } from '../../shared/subjects.js';
import { findRun } from '../cluster/find-run.js';
import { followRun, type LogEnd } from '../cluster/follow-run.js';
import { lastEntry } from '../cluster/last-entry.js';
import { readWatchArguments } from '../cluster/watch-arguments.js';
import { stopHelp } from '../help.js';
import { UsageError } from '../usage-error.js';
import { useServer } from '../use-server.js';
import { userName } from './user-name.js';

/** @throws UsageError */
export async function stopCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readWatchArguments('stop', words);
  if (given === null) {
    process.stdout.write(`${stopHelp}\n`);
    return exitCodes.success;
  }
  return useServer(
    given.nats,
    async (bus) => {
      try {
        const run = await findRun(bus, given.name);
        if (!run.isLive) {
          throw new UsageError(`Cannot stop "${given.name}": ${await whyNot(bus, run)}`);
        }
        const end = await stopRun(
          bus,
          run,
          (text) => given.json || process.stdout.write(`${text}\n`),
        );
        say(given, end);
        return exitCodes.success;
      } finally {
        await bus.close();
      }
    },
    { reconnect: true },
  );
}

/** Nobody leads the run: it is over, or its coordinators are away. */
async function whyNot(bus: Bus, run: RunAddress): Promise<string> {
  const last = (await lastEntry(await bus.openLog(logStream(run))))?.entry.kind;
  if (last === 'finished' || last === 'failed') return 'its last run is over';
  return `nobody leads its run ${run.run} now: ask again when a coordinator does`;
}

/** Asks until the run's log says how it has ended. */
async function stopRun(bus: Bus, run: RunAddress, note: (text: string) => void): Promise<LogEnd> {
  const log = await bus.openLog(logStream(run));
  const followed = await followRun({
    bus,
    log,
    run,
    from: Math.max(1, await log.last()),
    onEvent: (event) => {
      if (event.kind === 'checkpointed') note(`checkpoint of step ${event.committedSteps}`);
    },
    time: () => new Date().toISOString(),
  });
  const by = `${userName()}@${hostname()}`;
  const ask = (): void => bus.publish(controlSubject(run), encodeControl({ kind: 'stop', by }));
  ask();
  note('stopping after this step, with a checkpoint');
  const asking = setInterval(ask, stopRequestInterval);
  try {
    return await followed.end;
  } finally {
    clearInterval(asking);
    followed.close();
  }
}

function say({ name, json }: { readonly name: string; readonly json: boolean }, end: LogEnd): void {
  const { committedSteps } = end.kind === 'finished' ? end.result : end;
  const how =
    end.kind === 'failed' ? 'failed' : end.result.stopped ? 'stopped' : 'was finished already';
  const line = { kind: 'stopped', job: name, how, committed_steps: committedSteps };
  process.stdout.write(
    json ? `${JSON.stringify(line)}\n` : `${name} ${how} after ${committedSteps} committed steps\n`,
  );
}
