/** `lockstep --help`. Pure. */
import { exitCodeHelp } from '../exit-code-help.js';
import type { CommandEntry } from './command-entry.js';
import { commandTable } from './command-table.js';

const lines = (where: CommandEntry['where']): string =>
  commandTable
    .filter((entry) => entry.where === where)
    .map(({ name, summary, words }) => `  ${`${name} ${words}`.padEnd(17)} ${summary}`)
    .join('\n');

export const mainHelp =
  (): string => `Lockstep trains HLLM recommenders on any number of workers, to the same last bit.

Usage: lockstep COMMAND [options]

Commands:
${lines('here')}

On a Kubernetes cluster:
${lines('cluster')}

"lockstep COMMAND --help" tells more, with examples.

Examples:
  lockstep doctor                                        # whether this machine can train
  lockstep train examples/movielens-quick.yaml --workers 2
  lockstep top runs/movielens-quick                      # watch it from another terminal
  lockstep recommend runs/movielens-quick --history "Star Wars,Alien"

${exitCodeHelp}`;
