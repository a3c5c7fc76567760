import type { ExitCode } from '../../shared/exit-codes.js';
import { drainHelp } from '../help.js';
import { runOperatorCommand } from './operator-command.js';

/** @throws UsageError */
export const drainCommand = (words: readonly string[]): Promise<ExitCode> =>
  runOperatorCommand(
    {
      word: 'drain',
      help: drainHelp,
      operands: ["a WORKER's name"],
      requestOf: ([worker = '']) => ({ kind: 'drain', worker }),
    },
    words,
  );
