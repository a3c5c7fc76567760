/** `lockstep completion bash|zsh|fish`: the script by which a shell completes this command. */
import { parseArgs } from 'node:util';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import type { CommandEntry } from '../commands/command-entry.js';
import { UsageError } from '../usage-error.js';
import { bashScript } from './bash.js';
import { type CompletedCommand, completedCommands } from './completed.js';
import { completionHelp } from './completion-help.js';
import { fishScript } from './fish.js';
import { zshScript } from './zsh.js';

export const completionOptions = { help: { type: 'boolean', short: 'h' } } as const;

const scripts: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** @throws UsageError */
export async function completionCommand(
  words: readonly string[],
  table: readonly CommandEntry[],
): Promise<ExitCode> {
  const { values, positionals } = parsed(words);
  if (values.help === true) {
    process.stdout.write(`${completionHelp}\n`);
    return exitCodes.success;
  }
  const [shell = '', ...others] = positionals;
  const script = Object.hasOwn(scripts, shell) && others.length === 0 ? scripts[shell] : undefined;
  if (script === undefined) {
    throw new UsageError(
      `Cannot complete for ${JSON.stringify(positionals.join(' '))}: one shell must be named, of ` +
        `${Object.keys(scripts).join(', ')} (see "lockstep completion --help")`,
    );
  }
  process.stdout.write(`${script(await completedCommands(table))}\n`);
  return exitCodes.success;
}

function parsed(words: readonly string[]) {
  try {
    const common = { args: [...words], strict: true, allowPositionals: true } as const;
    return parseArgs({ ...common, options: completionOptions });
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep completion --help")`;
    throw new UsageError(message, { cause });
  }
}
