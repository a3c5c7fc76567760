/** The `lockstep` command: which subcommand, and what becomes of an error that ends it. */
import { type ExitCode, exitCodes } from '../shared/exit-codes.js';
import type { Command, CommandEntry } from './commands/command-entry.js';
import { commandTable, findCommand } from './commands/command-table.js';
import { refuseEmptyWords } from './commands/empty-words.js';
import { mainHelp } from './commands/main-help.js';
import { nearestName } from './commands/nearest-name.js';
import { leaveOwnDisplay } from './output/display/own-display.js';
import { brokenLine, exitCodeOfError } from './output/end/end-line.js';
import { keepLastWords } from './output/end/last-words.js';
import { nextStepOf } from './output/end/next-steps.js';
import { printableLines } from './output/text/printable.js';
import { isReaderGone, watchOutput } from './output/watch-output.js';
import { UsageError } from './usage-error.js';

async function main([name, ...words]: readonly string[]): Promise<ExitCode> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${mainHelp()}\n`);
    return name === undefined ? exitCodes.usage : exitCodes.success;
  }
  const entry = findCommand(name === '--version' ? 'version' : name);
  if (entry === undefined) {
    const names = commandTable.map((known) => known.name);
    const meant = nearestName(name, names);
    const rule = meant === null ? `it must be one of ${names.join(', ')}` : `is "${meant}" meant?`;
    throw new UsageError(`There is no command "${name}": ${rule} (see "lockstep --help")`);
  }
  refuseEmptyWords(name, words);
  return (await loaded(entry))(words, commandTable);
}

/** An image has what its process needs; what only other commands need may be left out there. */
async function loaded({ load, name }: CommandEntry): Promise<Command> {
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

/** The words that ask for the help that fits. */
const helpOf = (name = ''): string =>
  findCommand(name)?.help == null ? 'lockstep --help' : `lockstep ${name} --help`;

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
  const said = exitCode === exitCodes.internal ? stack : message;
  const next = nextStepOf(error, helpOf(words[0]));
  process.stderr.write(
    `lockstep: ${printableLines(said ?? message)}\n${next === null ? '' : `${next}\n`}`,
  );
  const line = brokenLine(error, 0, null, new Date().toISOString());
  keepLastWords(line);
  if (words.includes('--json')) process.stdout.write(`${JSON.stringify(line)}\n`);
  process.exitCode = exitCode;
}
