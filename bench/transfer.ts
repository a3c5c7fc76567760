/**
 * `npm run --silent bench -- transfer --mib M`: how fast a worker copies the state of another one over
 * loopback, and what that costs the holder. Two processes; a copy of everything, then one of which a
 * quarter differs, as where most of a model is frozen.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startLinks } from '../worker/collective/links/links-host.js';
import { changedPart, firstPosition, secret, stateOf, thenPosition } from './transfer-state.js';

export type FromHolder =
  | { readonly kind: 'serving'; readonly address: string }
  | { readonly kind: 'changed' }
  | { readonly kind: 'cpu'; readonly seconds: number };

const usage = 'npm run bench -- transfer [--mib 128]';

export async function benchTransfer(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: { mib: { type: 'string', default: '128' } },
  });
  const mib = Number(values.mib);
  if (!(mib >= 1 && mib <= 65_536)) {
    throw new RangeError(
      `Cannot run the benchmark: --mib is ${JSON.stringify(values.mib)}: should be a number in ` +
        `[1, 65536]: ${usage}`,
    );
  }
  const holder = fork(fileURLToPath(new URL('./transfer-holder.js', import.meta.url)), [`${mib}`]);
  const links = await startLinks({ host: '127.0.0.1', secret });
  try {
    const hear = async () => (await once(holder, 'message'))[0] as FromHolder;
    const { address } = (await hear()) as Extract<FromHolder, { kind: 'serving' }>;
    const into = stateOf(mib, 0);
    const copy = async (position: typeof firstPosition) => {
      const start = performance.now();
      const { fetched } = await links.copy({
        ...{ address, wanted: { kind: 'position', position }, room: async () => into },
        onBytes: () => undefined,
        signal: new AbortController().signal,
      });
      const seconds = (performance.now() - start) / 1000;
      holder.send('cpu');
      const cpu = (await hear()) as Extract<FromHolder, { kind: 'cpu' }>;
      const megabytes = fetched / 1e6;
      return { seconds, mb_fetched: megabytes, holder_cpu_seconds: cpu.seconds };
    };
    const whole = await copy(firstPosition);
    holder.send('change');
    await hear();
    const again = await copy(thenPosition);
    console.log(
      JSON.stringify({
        mib,
        whole: { ...whole, mb_per_s: whole.mb_fetched / whole.seconds },
        again: { ...again, changed: changedPart },
      }),
    );
  } finally {
    holder.kill('SIGTERM');
    await links.close();
  }
}
