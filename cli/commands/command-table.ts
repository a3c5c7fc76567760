/**
 * All commands. What calls them, what helps and what completes read this one table, and the options in it
 * are those that their parsers take: a test holds each help to them.
 */
import { clusterCommands } from './cluster-commands.js';
import type { CommandEntry } from './command-entry.js';
import { ownCommands } from './own-commands.js';

export const commandTable: readonly CommandEntry[] = [...ownCommands, ...clusterCommands];

export const findCommand = (name: string): CommandEntry | undefined =>
  commandTable.find((entry) => entry.name === name);
