/**
 * The last JSON line of a command as a file, for a supervisor that reads no output: Kubernetes shows what
 * stands in a container's termination message, of which it keeps 4,096 bytes.
 */
import { writeFileSync } from 'node:fs';

export const lastWordsBytes = 4096;

/** Of one text of the line: what a message says first is said by then. */
const textLength = 1024;

/** What somebody who decides by it needs; the rest follows as far as there is room. */
const first = [
  'kind',
  'exit_code',
  'code',
  'weights_sha256',
  'committed_steps',
  'stopped',
  'message',
];

/** One line of JSON in at most so many bytes: long texts are cut, and fields without room left out. */
export function lastWordsText(line: object, bytes = lastWordsBytes): string {
  const whole = JSON.stringify(line);
  if (Buffer.byteLength(whole) <= bytes) return whole;
  const rank = (name: string): number =>
    first.includes(name) ? first.indexOf(name) : first.length;
  const fields = Object.entries(line).sort(([a], [b]) => rank(a) - rank(b));
  let kept: Record<string, unknown> = {};
  for (const [name, value] of fields) {
    const more = {
      ...kept,
      [name]: typeof value === 'string' ? value.slice(0, textLength) : value,
    };
    if (Buffer.byteLength(JSON.stringify(more)) <= bytes) kept = more;
  }
  return JSON.stringify(kept);
}

let isTold = false;

/** Writes the line where `LOCKSTEP_TERMINATION_FILE` says; the first line that is the last one counts. */
export function keepLastWords(line: object, environment: NodeJS.ProcessEnv = process.env): void {
  const { LOCKSTEP_TERMINATION_FILE: file = '' } = environment;
  if (file === '' || isTold) return;
  isTold = true;
  try {
    // Not by a rename: the file is mounted into the container.
    writeFileSync(file, lastWordsText(line));
  } catch (error) {
    const text = `Cannot write LOCKSTEP_TERMINATION_FILE: ${(error as Error).message}`;
    process.stderr.write(`lockstep: ${text}\n`);
  }
}
