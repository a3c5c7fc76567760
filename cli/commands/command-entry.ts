/** What a command is to whoever parses, helps and completes. */
import type { ParseArgsConfig } from 'node:util';
import type { ExitCode } from '../../shared/exit-codes.js';

/** @param table all commands, for one that speaks of the others */
export type Command = (
  words: readonly string[],
  table: readonly CommandEntry[],
) => Promise<ExitCode>;

/** As `parseArgs` of Node takes them. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>;

/** What the words of a command that are no options name. */
export type Operand =
  | 'file'
  | 'folder'
  /** Something that no file system has: a job of a server, a user, an item. */
  | 'name'
  | 'none';

export interface CommandEntry {
  readonly name: string;
  /** The words behind it, as `FILE`; empty where it takes none. */
  readonly words: string;
  readonly summary: string;
  readonly where: 'here' | 'cluster';
  readonly operand: Operand;
  /** Of `--help`; null where there is nothing to tell. */
  readonly help: string | null;
  /** Loaded when called: `lockstep version` need not read the whole program. */
  readonly load: () => Promise<Command>;
  /** The table that its parser takes, likewise. */
  readonly options: () => Promise<CommandOptions>;
  /** Of a command that is several: the first word chooses. */
  readonly parts?: Readonly<Record<string, () => Promise<CommandOptions>>>;
}
