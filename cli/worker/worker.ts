/** `lockstep worker`: one worker of a job on this machine, kept running. */
import { mkdirSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { localEndToward } from '../../process/addresses/discover-address.js';
import { readJobSecret } from '../../process/job-secret.js';
import { readNatsOptions } from '../../process/nats/nats-options.js';
import { FolderBusyError, lockFolder } from '../../process/ownership/folder-lock.js';
import { systemClock } from '../../shared/clock.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { workerEntry, workerWords } from '../cluster/cluster-processes.js';
import { KeptProcesses } from '../cluster/kept-processes.js';
import { type EarlySignals, endOnEarlySignals } from '../early-signals.js';
import { workerHelp } from '../help.js';
import { keepLastWords } from '../output/end/last-words.js';
import { nextStepText } from '../output/end/next-steps.js';
import type { FailedEvent } from '../train/ending/failure.js';
import { useServer } from '../use-server.js';
import { nameOnHost, readWorkerArguments, type WorkerArguments } from './worker-arguments.js';
import { workerEndLine } from './worker-end-line.js';

/** @throws UsageError, OptionError, before anything is started. */
export async function workerCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readWorkerArguments(words);
  if (given === null) {
    process.stdout.write(`${workerHelp}\n`);
    return exitCodes.success;
  }
  const early = endOnEarlySignals();
  // Whatever is wrong with it is said here, and not in a log.
  readJobSecret();
  const { lock, name, output } = await takeFolder(given);
  mkdirSync(join(output, 'logs'), { recursive: true });
  try {
    // Said here too, and only behind it the route to the server is known.
    await useServer(given.nats, (bus) => bus.close());
    const bind = given.bind ?? (await ownAddress(given.nats));
    return await keepWorking({ ...given, name, bind }, output, early);
  } finally {
    lock.release();
  }
}

/** Other hosts of the job come to the same nats-server: where it is reached from, they reach this one. */
async function ownAddress(nats: string): Promise<string> {
  const [server = ''] = readNatsOptions(process.env, nats).address.servers;
  const address = (await localEndToward(server)) ?? '127.0.0.1';
  return isIPv6(address) ? `[${address}]:0` : address;
}

type NamedWorker = WorkerArguments & { readonly name: string };

/** Workers of one host that one machine can have without names, generously. */
const mostOnHost = 1000;

/** @throws FolderBusyError where the worker of the name, or of the folder, lives */
async function takeFolder(given: WorkerArguments) {
  const note = (text: string): void => void process.stdout.write(`${text}\n`);
  const take = async (name: string) => {
    const output = resolve(given.output ?? join('workers', name));
    return { name, output, lock: await lockFolder(output, { note }) };
  };
  if (given.name !== null) return take(given.name);
  for (let number = 1; ; number++) {
    try {
      return await take(nameOnHost(hostname(), number));
    } catch (error) {
      const isNext = given.output === null && number < mostOnHost;
      if (!(error instanceof FolderBusyError) || !isNext) throw error;
    }
  }
}

/** Until the run is over, or the worker has been asked to leave and has handed over. */
function keepWorking(given: NamedWorker, output: string, early: EarlySignals): Promise<ExitCode> {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  return new Promise((resolve) => {
    const processes = new KeptProcesses({
      now: () => systemClock.now(),
      onStart: ({ pid, logFile }) => say(`${given.name}: pid ${pid}, log ${logFile}`),
      onEvent: (_child, event) => {
        if (event.kind === 'joined') run = event.run;
        if (event.kind === 'notice') say(event.text);
        if (event.kind === 'waiting') say(`waiting: ${event.reason}`);
        if (event.kind !== 'failed') return;
        failure = event;
        process.stderr.write(`lockstep: ${event.message}\n${nextStepText(event.code)}\n`);
      },
      onRestart: say,
      onLoss: (_name, symptom, text, said) => {
        const code = symptom.kind === 'exit' ? symptom.code : null;
        end((code ?? exitCodes.lost) as ExitCode, said ?? text);
      },
    });
    // Whoever is started in its place works for the same run, and hears of its end.
    let run: string | null = null;
    let asked = false;
    let failure: FailedEvent | null = null;
    const end = (code: ExitCode, reason: string): void => {
      const time = new Date().toISOString();
      keepLastWords(workerEndLine({ worker: given.name, code, failure, reason, time }));
      void processes.end().then(() => resolve(code));
    };
    const leave = (): void => {
      if (asked) processes.abort('it was asked to end twice');
      // Lost, and not started again yet.
      else if (processes.living().length === 0) end(exitCodes.stopped, 'asked to end');
      else for (const child of processes.living()) child.send({ kind: 'stop' });
      // Whatever it ends with: another one in its place would hear of no wish to end.
      processes.letGo();
      asked = true;
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
    early.close();
    processes.start({
      name: given.name,
      entry: workerEntry,
      environment: { LOCKSTEP_NATS_URL: given.nats },
      get arguments() {
        return workerWords({ ...given, worker: given.name, run, output });
      },
      logFile: join(output, 'logs', `${given.name}.log`),
    });
  });
}
