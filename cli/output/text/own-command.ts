import { launcherOf, resumeCommand } from '../../train/ending/resume-command.js';

/** A command of this program as it was started itself, ready to be pasted into a shell. */
export const ownCommand = (words: readonly string[]): string =>
  resumeCommand({
    launcher: launcherOf(process.argv[1], process.env.npm_command),
    workingDirectory: process.cwd(),
    words,
    again: true,
  });
