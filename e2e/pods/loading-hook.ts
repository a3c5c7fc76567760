/** Module hooks that write down what is loaded; see loaded-modules.ts. */
import { appendFileSync } from 'node:fs';

interface Loaded {
  readonly format: string;
}

export async function load(
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  appendFileSync(process.env.LOCKSTEP_TEST_LOADED as string, `${url}\n`);
  return next(url, context);
}
