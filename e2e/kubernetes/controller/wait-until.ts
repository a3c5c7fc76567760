import { setTimeout as delay } from 'node:timers/promises';

/** Looks until what it finds is true. @throws Error with `what` and what was found last */
export async function waitUntil(
  what: string,
  look: () => Promise<string | null>,
  seconds: number,
  everyMs = 500,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const problem = await look();
    if (problem === null) return;
    if (Date.now() > deadline) throw new Error(`${what}: not after ${seconds} s: ${problem}`);
    await delay(everyMs);
  }
}
