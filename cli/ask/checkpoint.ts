import type { ExitCode } from '../../shared/exit-codes.js';
import { checkpointHelp } from '../help.js';
import { runOperatorCommand } from './operator-command.js';

/** @throws UsageError */
export const checkpointCommand = (words: readonly string[]): Promise<ExitCode> =>
  runOperatorCommand(
    { word: 'checkpoint', help: checkpointHelp, requestOf: () => ({ kind: 'checkpoint' }) },
    words,
  );
