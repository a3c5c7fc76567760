/** Processes that stand still and go on, as when a lid is closed or a machine is migrated. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunEnd, runJob } from '../../cli/train/run-job.js';
import { heartbeatTimeout } from '../../shared/limits.js';
import { fakeDigest, fakeEntries, fakeJob, fakeRun } from './fakes/fake-job.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-standstill-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs to the end; `disturb` is called after five steps with the pids by process. */
function runWith(
  name: string,
  steps: number,
  disturb: (pids: ReadonlyMap<string, number>) => void,
): Promise<RunEnd> {
  const pids = new Map<string, number>();
  const jobFile = join(folder, `${name}.json`);
  writeFileSync(jobFile, JSON.stringify(fakeJob(steps)));
  return runJob({
    jobFile,
    run: fakeRun(),
    jobDigest: fakeDigest(steps),
    claim: null,
    datasetDirectory: folder,
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
    entries: fakeEntries,
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
    await pause(heartbeatTimeout + 2000);
    signal(pids.values(), 'SIGCONT');
  });
  assert.equal(end.kind, 'finished', JSON.stringify(end));
  assert.equal(calm.kind, 'finished', JSON.stringify(calm));
  if (end.kind !== 'finished' || calm.kind !== 'finished') return;
  assert.equal(end.result.weightsSha256, calm.result.weightsSha256);
});

// Would catch a coordinator that stood still, wakes up before it is ended, and names a healthy worker.
test('a coordinator that stood still does not blame a worker when it wakes up', async () => {
  const end = await runWith('coordinator', 60, async (pids) => {
    const coordinator = pids.get('coordinator');
    signal([coordinator], 'SIGSTOP');
    // The workers lose it, and their parent waits half a second for other symptoms.
    await pause(heartbeatTimeout + 300);
    signal([coordinator], 'SIGCONT');
  });
  // On a busy machine it may wake up before the workers have counted so long: then nobody is lost.
  assert.equal(end.kind === 'failed' ? end.cause.code : 'COORDINATOR_LOST', 'COORDINATOR_LOST');
});
