import type { ExitCode } from '../../shared/exit-codes.js';
import { continueHelp } from '../help.js';
import { runOperatorCommand } from './operator-command.js';

/** @throws UsageError */
export const continueCommand = (words: readonly string[]): Promise<ExitCode> =>
  runOperatorCommand(
    { word: 'continue', help: continueHelp, requestOf: () => ({ kind: 'go-on' }) },
    words,
  );
