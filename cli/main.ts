/** The `lockstep` command: which subcommand, and what becomes of an error that ends it. */
import { codeOf, type ExitCode, exitCodeOf, exitCodes } from '../shared/exit-codes.js';
import { mainHelp } from './help.js';
import { UsageError } from './usage-error.js';

type Command = (words: readonly string[]) => Promise<ExitCode>;

/** Loaded when called: `lockstep version` need not read the whole program. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  train: async () => (await import('./train/train.js')).trainCommand,
  eval: async () => (await import('./eval.js')).evalCommand,
  data: async () => (await import('./data/data.js')).dataCommand,
  bench: async () => (await import('./bench/bench.js')).benchCommand,
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
  return (await load())(words);
}

/** A file or an address that the system refuses: its message says which and why. */
const isOfTheSystem = (error: unknown): boolean =>
  typeof (error as NodeJS.ErrnoException | null)?.syscall === 'string';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const code = codeOf(error);
  const defect = exitCodeOf(code) === exitCodes.internal && !isOfTheSystem(error);
  const text = error instanceof Error ? (defect ? error.stack : error.message) : String(error);
  process.stderr.write(`lockstep: ${text}\n`);
  process.exitCode = isOfTheSystem(error) ? exitCodes.usage : exitCodeOf(code);
}
