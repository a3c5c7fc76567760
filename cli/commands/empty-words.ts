/** A word that is empty is a shell's variable without a value; as a path it would be the folder where one happens to be. Pure. */
import { UsageError } from '../usage-error.js';

/** @throws UsageError */
export function refuseEmptyWords(command: string, words: readonly string[]): void {
  const at = words.findIndex((word) => word === '' || /^--[a-z-]+=$/.test(word));
  const word = words[at];
  if (word === undefined) return;
  const before = at === 0 ? 'the first word' : `the word behind "${words[at - 1]}"`;
  const which = word === '' ? before : `the value of "${word}"`;
  throw new UsageError(
    `Cannot run "lockstep ${command}": ${which} is empty: it should say something, or be left out`,
  );
}
