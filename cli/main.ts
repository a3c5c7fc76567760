/** The `lockstep` command: which subcommand, and what becomes of an error that ends it. */
import { type ExitCode, exitCodes } from '../shared/exit-codes.js';
import { mainHelp } from './help.js';
import { leaveOwnDisplay } from './output/display/own-display.js';
import { brokenLine, exitCodeOfError } from './output/end/end-line.js';
import { keepLastWords } from './output/end/last-words.js';
import { isReaderGone, watchOutput } from './output/watch-output.js';
import { UsageError } from './usage-error.js';

type Command = (words: readonly string[]) => Promise<ExitCode>;

/** Loaded when called: `lockstep version` need not read the whole program. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import('./doctor/doctor.js')).doctorCommand,
  init: async () => (await import('./init.js')).initCommand,
  train: async () => (await import('./train/train.js')).trainCommand,
  coordinator: async () => (await import('./coordinator/coordinator.js')).coordinatorCommand,
  worker: async () => (await import('./worker/worker.js')).workerCommand,
  attach: async () => (await import('./attach/attach.js')).attachCommand,
  top: async () => (await import('./top/top.js')).topCommand,
  stop: async () => (await import('./stop/stop.js')).stopCommand,
  'nats-users': async () => (await import('./nats-users/nats-users.js')).natsUsersCommand,
  dashboard: async () => (await import('./dashboard/dashboard.js')).dashboardCommand,
  chaos: async () => (await import('./chaos/chaos.js')).chaosCommand,
  eval: async () => (await import('./eval.js')).evalCommand,
  audit: async () => (await import('./audit/audit.js')).auditCommand,
  submit: async () => (await import('./kubernetes/commands/submit.js')).submitCommand,
  list: async () => (await import('./kubernetes/commands/list.js')).listCommand,
  status: async () => (await import('./kubernetes/commands/status.js')).statusCommand,
  logs: async () => (await import('./kubernetes/commands/logs.js')).logsCommand,
  suspend: async () => (await import('./kubernetes/commands/suspend.js')).suspendCommand,
  resume: async () => (await import('./kubernetes/commands/suspend.js')).resumeCommand,
  delete: async () => (await import('./kubernetes/commands/delete.js')).deleteCommand,
  'port-forward': async () =>
    (await import('./kubernetes/commands/port-forward.js')).portForwardCommand,
  export: async () => (await import('./export/export.js')).exportCommand,
  history: async () => (await import('./history/history.js')).historyCommand,
  recommend: async () => (await import('./recommend/recommend.js')).recommendCommand,
  similar: async () => (await import('./similar/similar.js')).similarCommand,
  data: async () => (await import('./data/data.js')).dataCommand,
  bench: async () => (await import('./bench/bench.js')).benchCommand,
  weights: async () => (await import('./weights/weights.js')).weightsCommand,
  version: async () => {
    const { version } = await import('../process/version.js');
    return async () => {
      process.stdout.write(`${version()}\n`);
      return exitCodes.success;
    };
  },
};

async function main([name, ...words]: readonly string[]): Promise<ExitCode> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${mainHelp}\n`);
    return name === undefined ? exitCodes.usage : exitCodes.success;
  }
  const load = Object.hasOwn(commands, name === '--version' ? 'version' : name)
    ? commands[name === '--version' ? 'version' : name]
    : undefined;
  if (load === undefined) {
    throw new UsageError(
      `There is no command "${name}": it must be one of ${Object.keys(commands).join(', ')}`,
    );
  }
  return (await loaded(name, load))(words);
}

/** An image has what its process needs; what only other commands need may be left out there. */
async function loaded(name: string, load: () => Promise<Command>): Promise<Command> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError(
      `Cannot run lockstep ${name}: this installation leaves out what it needs ` +
        `(${(error as Error).message}): docs/images.md says which image has it; in a checkout, run: npm run setup`,
    );
  }
}

const words = process.argv.slice(2);
watchOutput([process.stdout, process.stderr], (error) => {
  if (isReaderGone(error)) return;
  process.stderr.write(`lockstep: Cannot write the output: ${error.message}\n`);
  // Whoever wanted the output has not got it, however well the rest goes.
  process.once('exit', (code) => {
    if (code === exitCodes.success) process.exitCode = exitCodeOfError(error);
  });
});
try {
  process.exitCode = await main(words);
} catch (error) {
  leaveOwnDisplay();
  const exitCode = exitCodeOfError(error);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`lockstep: ${exitCode === exitCodes.internal ? stack : message}\n`);
  const line = brokenLine(error, 0, null, new Date().toISOString());
  keepLastWords(line);
  if (words.includes('--json')) process.stdout.write(`${JSON.stringify(line)}\n`);
  process.exitCode = exitCode;
}
