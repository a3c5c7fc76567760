/** Many objects for one `kubectl apply`, each in a file of its own, and what was said of each. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes objects as files that `verdictsOf` finds again by their numbers. */
export function writeCases(folder: string, objects: readonly unknown[]): void {
  mkdirSync(folder, { recursive: true });
  objects.forEach((object, index) => {
    writeFileSync(join(folder, caseName(index)), JSON.stringify(object));
  });
}

const caseName = (index: number): string => `case-${String(index).padStart(4, '0')}.json`;

/**
 * What kubectl wrote to its error output, by the number of the case; cases of which it says nothing
 * were accepted.
 */
export function verdictsOf(stderr: string): Map<number, string> {
  const verdicts = new Map<number, string>();
  // One error begins with one of these, whatever its text goes on with.
  for (const part of stderr.split(/^(?=Error from server|error: |resource mapping not found)/m)) {
    const index = /case-(\d{4})\.json/.exec(part)?.[1];
    if (index !== undefined) verdicts.set(Number(index), part.trim());
  }
  return verdicts;
}
