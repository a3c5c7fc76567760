/** `lockstep stop NAME`: asks a run to finish its step, write a checkpoint and end. */
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { LogEnd } from '../cluster/follow-run.js';
import { readWatchArguments } from '../cluster/watch-arguments.js';
import { stopHelp } from '../help.js';
import { useServer } from '../use-server.js';
import { asker, askRun } from './ask-run.js';

/** @throws UsageError */
export async function stopCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readWatchArguments('stop', words);
  if (given === null) {
    process.stdout.write(`${stopHelp}\n`);
    return exitCodes.success;
  }
  const note = (text: string): void => void (given.json || process.stdout.write(`${text}\n`));
  return useServer(
    given.nats,
    async (bus) => {
      try {
        const end = await askRun<LogEnd>(bus, {
          name: given.name,
          verb: 'stop',
          request: { kind: 'stop', by: asker() },
          answers: {
            answer: null,
            hear: (event) => {
              if (event.kind === 'checkpointed') note(`checkpoint of step ${event.committedSteps}`);
            },
          },
          onAsked: () => note('stopping after this step, with a checkpoint'),
          onEnd: (ended) => ended,
        });
        say(given, end);
        return exitCodes.success;
      } finally {
        await bus.close();
      }
    },
    { reconnect: true },
  );
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
