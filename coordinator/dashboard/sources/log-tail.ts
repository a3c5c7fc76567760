/** The last lines of the logs that a run's processes leave in its folder. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Of the end of a file: some hundred lines. */
const tailBytes = 256 * 1024;
const endings = ['.log', '.jsonl'];

/** Names without their endings; none where the folder is not there. */
export async function logNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  // A link leads out of the run, and a pipe is waited for.
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return files.filter((name) => endings.some((ending) => name.endsWith(ending))).sort();
}

/** @param name one of `logNames`: no other file is read */
export async function logTail(folder: string, name: string, lines: number): Promise<string[]> {
  if (!(await logNames(folder)).includes(name)) return [];
  const file = await open(join(folder, name), 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const tail = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(tail, 0, tail.length, start);
    const all = tail.toString('utf8', 0, bytesRead).split('\n');
    // The first one may have lost its beginning, and behind the last one is nothing.
    const whole = all.slice(start === 0 ? 0 : 1, -1);
    return whole.slice(-lines);
  } finally {
    await file.close();
  }
}
