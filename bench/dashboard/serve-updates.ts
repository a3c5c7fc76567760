/**
 * A process with nothing but what a coordinator's dashboard adds to it: the run as its log tells it, and the server. Steps of
 * many workers are told at a steady rate.
 */
import { startDashboard } from '../../coordinator/dashboard/server/dashboard-server.js';
import { LogRun } from '../../coordinator/dashboard/sources/log-run.js';
import { silentLog } from '../../shared/log.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import { beginning, entriesOf, type SyntheticRun } from './synthetic-run.js';

const [workers, stepsPerSecond] = process.argv.slice(2).map(Number) as [number, number];
const synthetic: SyntheticRun = { workers, stepsPerSecond, totalSteps: 1_000_000 };

const run = new LogRun({
  ...{ run: 't0123456789abcdef', folder: null, versions: { lockstep: '0', node: '0' } },
  actions: null,
  job: { name: 'bench', sha256: 'a'.repeat(64), spec: {} },
});
const tell = (entries: readonly Happening[]): void => {
  for (const entry of entries) run.add({ fence: 1, time: new Date().toISOString(), entry });
};

tell(beginning(synthetic));
let step = 0;

const server = await startDashboard({
  ...{ sources: run, host: '127.0.0.1', port: 0, access: { token: null } },
  ...{ operatorToken: null, log: silentLog },
  onTrouble: (error) => {
    throw error;
  },
});
setInterval(() => tell(entriesOf(synthetic, step++)), 1000 / stepsPerSecond);
process.send?.({ url: `http://127.0.0.1:${server.port}/api/runs/${run.model.id}/events` });
process.on('disconnect', () => process.exit());
