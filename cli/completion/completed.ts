/** The commands as a shell completes them: the table of the parsers with the words of the helps. */
import type { CommandEntry, CommandOptions, Operand } from '../commands/command-entry.js';
import { describedOptions } from '../commands/help-options.js';

export type Completes = 'file' | 'folder' | 'nothing';

export interface CompletedOption {
  readonly name: string;
  readonly short: string | null;
  /** What its value is; null where it takes none. */
  readonly value: Completes | null;
  readonly isRepeatable: boolean;
  readonly text: string;
}

export interface CompletedCommand {
  /** Its words: `train`, `data import`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly operand: Operand;
  /** Words of which one must follow first; none where there are no such. */
  readonly parts: readonly string[];
}

export async function completedCommands(
  table: readonly CommandEntry[],
): Promise<CompletedCommand[]> {
  const all: CompletedCommand[] = [];
  for (const entry of table) {
    const { help, name, operand, options, parts = {}, summary } = entry;
    const common = { summary, operand };
    const words = name === 'completion' ? ['bash', 'zsh', 'fish'] : Object.keys(parts);
    const taken = await optionsIfThere(options);
    if (taken === null) continue;
    all.push({ ...common, name, options: completed(taken, help), parts: words });
    for (const [part, load] of Object.entries(parts)) {
      all.push({
        ...common,
        name: `${name} ${part}`,
        options: completed(await load(), help),
        parts: [],
      });
    }
  }
  return all;
}

/** Null where this installation leaves the command out: docs/images.md. */
async function optionsIfThere(load: CommandEntry['options']): Promise<CommandOptions | null> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function completed(options: CommandOptions, help: string | null): CompletedOption[] {
  const described = describedOptions(help ?? '');
  return Object.entries(options).map(([name, { multiple, short, type }]) => {
    const found = described.find((option) => option.name === name);
    return {
      name,
      short: short ?? null,
      value: type === 'boolean' ? null : completes(found?.value ?? ''),
      isRepeatable: multiple === true,
      text: name === 'help' ? 'tells all of it' : firstClause(found?.text ?? ''),
    };
  });
}

const folders: ReadonlySet<string> = new Set(['DIR', 'FOLDER', 'RUN', 'WHERE']);
const files: ReadonlySet<string> = new Set(['FILE', 'PATH', 'WHICH']);

const completes = (value: string): Completes =>
  folders.has(value) ? 'folder' : files.has(value) ? 'file' : 'nothing';

/** What fits beside an option in a list. */
function firstClause(text: string): string {
  const [clause = ''] = text.split(/[;(]|: /);
  return clause.trim().replace(/,$/, '').slice(0, 80);
}
