/**
 * A member in a process of its own, for tests that kill one: gathers without end and says so when
 * it has begun. It says what ended it and stays, so that its peers do not lose it too; its parent
 * ends it. Arguments: rank, size.
 */
import { rank as asRank, generation, step } from '../../shared/ids.js';
import { evenShares } from '../../shared/plan/lane-ownership.js';
import { millis } from '../../shared/units.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { startLinks } from './links/links-host.js';
import { openExchange } from './open-exchange.js';

const [rank, size] = process.argv.slice(2).map(Number) as [number, number];
const links = await startLinks({ host: '127.0.0.1' });
process.once('message', (addresses: string[]) => {
  run(addresses).catch((error: Error) => process.send?.(`${error.name}: ${error.message}`));
});
process.send?.(links.address);

async function run(addresses: string[]): Promise<void> {
  const port = await links.connect({
    rank: asRank(rank),
    addresses,
    generation: generation(1),
    deadline: millis(10_000),
  });
  const exchange = openExchange(port, {
    rank: asRank(rank),
    shares: evenShares(size, size),
    arithmetic: openArithmetic(),
  });
  const parts = addresses.map(() => new Float32Array(new SharedArrayBuffer(2 ** 22)));
  for (let at = 0; ; at++) {
    await exchange.allGather({ step: step(at), phase: 'gather', part: 0 }, parts);
    if (at === 0) process.send?.('begun');
  }
}
