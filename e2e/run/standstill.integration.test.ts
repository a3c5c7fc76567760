/** Processes that stand still and go on, as when a lid is closed or a machine is migrated. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runCluster } from '../../cli/cluster/run-cluster.js';
import type { ClusterEnd } from '../../cli/cluster/run-end.js';
import { silenceTimeout } from '../../coordinator/membership/limits.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { smallDataset } from './small-run/small-dataset.js';
import { longJob, newRun } from './small-run/small-run.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-standstill-'));
const dataset = join(folder, 'dataset');
before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs to the end; `disturb` is called after five steps with the pids by process. */
function runWith(
  name: string,
  steps: number,
  disturb: (pids: ReadonlyMap<string, number>) => void,
): Promise<ClusterEnd> {
  const pids = new Map<string, number>();
  const jobFile = join(folder, `${name}.json`);
  const job = longJob({ dataset, steps });
  writeFileSync(jobFile, JSON.stringify(job));
  return runCluster({
    jobFile,
    run: newRun(),
    jobDigest: wholeJobDigest(resolveJob(job)),
    claim: null,
    datasetDirectory: dataset,
    output: join(folder, name),
    checkpoints: join(folder, name, 'checkpoints'),
    workers: 2,
    natsUrl: null,
    metricsPort: null,
    resume: null,
    evaluateOnly: false,
    onEvent: (event) => {
      if (event.kind === 'committed' && event.report.step === 5) disturb(pids);
    },
    onProcess: ({ name: process, pid }) => pids.set(process, pid),
  }).end;
}

function signal(pids: Iterable<number | undefined>, name: NodeJS.Signals): void {
  for (const pid of pids) if (pid !== undefined) process.kill(pid, name);
}

// Would catch a run that is lost although nobody is: each process takes the time in which all stood
// still for the silence of the others.
test('a run of which everything stands still for a while goes on to the same weights', async () => {
  const steps = 40;
  const calm = await runWith('calm', steps, () => undefined);
  const end = await runWith('frozen', steps, async (pids) => {
    signal(pids.values(), 'SIGSTOP');
    await pause(silenceTimeout + 2000);
    signal(pids.values(), 'SIGCONT');
  });
  assert.equal(end.kind, 'finished', JSON.stringify(end));
  assert.equal(calm.kind, 'finished', JSON.stringify(calm));
  if (end.kind !== 'finished' || calm.kind !== 'finished') return;
  assert.equal(end.result.weightsSha256, calm.result.weightsSha256);
});

// Would catch a coordinator that stood still, wakes up, and takes the workers for silent, or its lead for
// lost although nobody has taken it.
test('a coordinator that stood still goes on when it wakes up', async () => {
  const steps = 60;
  const calm = await runWith('calm-60', steps, () => undefined);
  const end = await runWith('coordinator', steps, async (pids) => {
    const coordinator = pids.get('coordinator');
    signal([coordinator], 'SIGSTOP');
    await pause(silenceTimeout + 300);
    signal([coordinator], 'SIGCONT');
  });
  assert.equal(end.kind, 'finished', JSON.stringify(end));
  assert.deepEqual(
    end.kind === 'finished' && end.result.weightsSha256,
    calm.kind === 'finished' && calm.result.weightsSha256,
  );
});
