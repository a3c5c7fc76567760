import { relative } from 'node:path';
import { shellWord } from '../../output/text/shell-word.js';

export interface CommandParts {
  /** `process.argv[1]`: the launcher; null where npx found it, in a folder of its own. */
  readonly launcher: string | null;
  readonly workingDirectory: string;
  /** Words after the launcher, such as `train FILE --workers 2`. */
  readonly words: readonly string[];
  /** The command is the same again, without `--resume`. */
  readonly again?: boolean;
}

/** The command that goes on after an end that was not the wanted one. */
export interface NextCommand {
  /** Whether there is a checkpoint to go on from; otherwise it is the same command again. */
  readonly resumes: boolean;
  readonly command: string;
}

export const nextText = ({ resumes, command }: NextCommand): string =>
  `${resumes ? 'To resume' : 'To run it again'}:\n  ${command}`;

/** The same command with `--resume`, ready to be pasted into a shell. */
export function resumeCommand({ launcher, workingDirectory, words, again }: CommandParts): string {
  const kept = words.filter((word) => word !== '--resume' && word !== '--resume-if-any');
  const program =
    launcher === null
      ? ['npx', 'lockstep']
      : ['node', relative(workingDirectory, launcher) || launcher];
  return [...program, ...kept, ...(again === true ? [] : ['--resume'])].map(shellWord).join(' ');
}

/** What `resumeCommand` wants to know of how this process was started. */
export const launcherOf = (argument: string | undefined, npmCommand: string | undefined) =>
  npmCommand === 'exec' ? null : (argument ?? 'lockstep');
