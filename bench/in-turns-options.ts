/** The words of `bench in-turns`, as one complete type. */
import { parseArgs } from 'node:util';
import { positiveInteger } from './step-options.js';

export interface InTurnsOptions {
  readonly rounds: number;
  /** A program and its words. */
  readonly first: readonly string[];
  readonly second: readonly string[];
}

export const inTurnsUsage = 'usage: bench in-turns [--rounds 5] -- COMMAND_A --- COMMAND_B';

/** @throws Error saying what is missing. */
export function parseInTurnsOptions(args: readonly string[]): InTurnsOptions {
  const begin = args.indexOf('--');
  if (begin < 0) throw new Error('"--" must stand before the first command');
  const { values } = parseArgs({
    args: args.slice(0, begin),
    options: { rounds: { type: 'string', default: '5' } },
  });
  const commands = args.slice(begin + 1);
  const between = commands.indexOf('---');
  const [first, second] = [commands.slice(0, between), commands.slice(between + 1)];
  if (between < 0 || first.length === 0 || second.length === 0) {
    throw new Error('"---" must stand between two commands');
  }
  return { rounds: positiveInteger('--rounds', values.rounds), first, second };
}
