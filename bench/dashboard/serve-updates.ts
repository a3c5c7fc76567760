/**
 * A process with nothing but what a coordinator's dashboard adds to it: the run as its log tells it, and the server. Steps of
 * many workers are told at a steady rate; where each worker's time went, every two seconds, as in a run.
 */
import { startDashboard } from '../../coordinator/dashboard/server/dashboard-server.js';
import { LogRun } from '../../coordinator/dashboard/sources/log-run.js';
import { aRecord } from '../../shared/ledger/ledger-record-fixture.js';
import { silentLog } from '../../shared/log.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';

const [workers, stepsPerSecond] = process.argv.slice(2).map(Number) as [number, number];
const phasesEverySeconds = 2;
const phaseSeconds = Object.fromEntries(
  ['plan', 'encode', 'gather', 'users', 'scatter', 'items', 'reduce', 'optimizer'].map((name) => [
    name,
    0.01,
  ]),
);
const members = Array.from({ length: workers }, (_, index) => ({
  worker: `worker-${index}`,
  lanes: 2,
}));

const run = new LogRun({
  ...{ run: 't0123456789abcdef', folder: null, versions: { lockstep: '0', node: '0' } },
  actions: null,
  job: { name: 'bench', sha256: 'a'.repeat(64), spec: {} },
});
const tell = (entry: Happening): void =>
  run.add({ fence: 1, time: new Date().toISOString(), entry });

tell({ kind: 'led', coordinator: 'c', totalSteps: 1_000_000 });
tell({
  ...{ kind: 'generation', generation: 1, planned: false, reason: 'the run begins', writer: null },
  ...{ members, resumedFrom: null },
  position: { committedSteps: 0, collapses: 0, settled: true },
});

let step = 0;
function commit(): void {
  tell({
    ...{ kind: 'committed', generation: 1, seconds: 1 / stepsPerSecond },
    ledger: aRecord({ step }),
    report: {
      ...{ step, stage: null, loss: 4 + Math.sin(step), sequences: 64, itemTokens: 20_000 },
      ...{ distinctItems: 900, itemCosine: 0.2, gradientNorm: 1, learningRate: 0.003 },
      measures: { logit_scale: 2.6, predictions: 900, top1: 0.1, live_negatives: 1680 },
      ...{ phaseSeconds, waitSeconds: 0.01, stateHash: { from: 0, to: 64, value: '0'.repeat(16) } },
    },
  });
  if (++step % (phasesEverySeconds * stepsPerSecond) !== 0) return;
  tell({
    ...{ kind: 'phases', generation: 1, steps: phasesEverySeconds * stepsPerSecond },
    members: members.map((member) => ({ ...member, phaseSeconds, waitSeconds: 0.01 })),
  });
}

const server = await startDashboard({
  ...{ sources: run, host: '127.0.0.1', port: 0, access: { token: null } },
  ...{ operatorToken: null, log: silentLog },
  onTrouble: (error) => {
    throw error;
  },
});
setInterval(commit, 1000 / stepsPerSecond);
process.send?.({ url: `http://127.0.0.1:${server.port}/api/runs/${run.model.id}/events` });
process.on('disconnect', () => process.exit());
