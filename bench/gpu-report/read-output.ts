/** Reads what commands print. */
import type { TestCounts } from './part.js';

/** The last line that is a JSON object, or null. */
export function lastJson(output: string): Readonly<Record<string, unknown>> | null {
  const line = output.split('\n').findLast((text) => text.startsWith('{') && text.endsWith('}'));
  if (line === undefined) return null;
  try {
    return JSON.parse(line);
  } catch {
    // Something else in braces.
    return null;
  }
}

/** The counts at the end of node's `spec` reporter; null where it did not get there. */
export function testCounts(output: string): TestCounts | null {
  const count = (name: string): number | null => {
    const text = output.match(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))?.at(-1);
    return text === undefined ? null : Number(text.split(' ').at(-1));
  };
  const [pass, fail, skipped] = [count('pass'), count('fail'), count('skipped')];
  return pass === null || fail === null || skipped === null ? null : { pass, fail, skipped };
}
