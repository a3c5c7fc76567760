import { UsageError } from './usage-error.js';

/** The only word of a command that is no option. @throws UsageError */
export function oneName(command: string, noun: string, words: readonly string[]): string {
  const [name] = words;
  if (name !== undefined && words.length === 1) return name;
  throw new UsageError(
    `Cannot run "lockstep ${command}": ${noun} must be named, once: it got ${words.length} names ` +
      `(see "lockstep ${command} --help")`,
  );
}
