import type { ExitCode } from '../../shared/exit-codes.js';
import { pauseHelp } from '../help.js';
import { runOperatorCommand } from './operator-command.js';

/** @throws UsageError */
export const pauseCommand = (words: readonly string[]): Promise<ExitCode> =>
  runOperatorCommand(
    { word: 'pause', help: pauseHelp, requestOf: () => ({ kind: 'pause' }) },
    words,
  );
