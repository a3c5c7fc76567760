/** The holder of the benchmark of transfers: a process that does nothing but give its state away. */
import { startLinks } from '../worker/collective/links/links-host.js';
import type { FromHolder } from './transfer.js';
import { changedPart, firstPosition, secret, stateOf, thenPosition } from './transfer-state.js';

const say = (message: FromHolder) => process.send?.(message);
const sections = stateOf(Number(process.argv[2]), 1);
const links = await startLinks({ host: '127.0.0.1', secret });
links.serve({ position: firstPosition, header: '{}', sections });
let used = process.cpuUsage();

process.on('message', (order: 'cpu' | 'change') => {
  if (order === 'cpu') {
    const { user, system } = process.cpuUsage(used);
    used = process.cpuUsage();
    say({ kind: 'cpu', seconds: (user + system) / 1e6 });
    return;
  }
  links.serve(null);
  const { parameters } = sections;
  const changed = Math.round(parameters.length * 3 * changedPart);
  parameters.fill(2, 0, Math.min(parameters.length, changed));
  links.serve({ position: thenPosition, header: '{}', sections });
  used = process.cpuUsage();
  say({ kind: 'changed' });
});
say({ kind: 'serving', address: links.address });
