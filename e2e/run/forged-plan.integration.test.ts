/** A stranger on the bus who publishes plans, with real processes and a real nats-server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openNatsBus } from '../../bus/nats-bus.js';
import { runCluster } from '../../cli/cluster/run-cluster.js';
import { startLocalNatsServer } from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { step } from '../../shared/ids.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { splitMessage } from '../../shared/messages/parts.js';
import { planMessageId, planStream, planSubject } from '../../shared/subjects.js';
import { smallDataset } from './small-run/small-dataset.js';
import { longJob, newRun } from './small-run/small-run.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-forged-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// Would catch a plan that is stored under the coordinator's message id before it publishes: the server takes
// the coordinator's own for a repetition, all members train on the forged one, agree, and end well with
// weights that the job does not describe.
test('a plan that was stored ahead of the coordinator ends the run by name', async () => {
  const server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, 'nats'),
    logFile: join(folder, 'nats.log'),
  });
  const stranger = await openNatsBus({ url: server.url, name: 'stranger' });
  const [run, steps, forged] = [newRun(), 2000, step(60)];
  const subject = planSubject(run, forged, 'shared');
  const jobFile = join(folder, 'job.json');
  const dataset = join(folder, 'dataset');
  await smallDataset(dataset);
  const job = longJob({ dataset, steps });
  writeFileSync(jobFile, JSON.stringify(job));
  const forge = async (): Promise<void> => {
    const [piece] = splitMessage(new Uint8Array(100), 10_000);
    const stream = await stranger.openStream(planStream(run));
    await stream.publish(subject, piece as Uint8Array, planMessageId(run, forged, 'shared', 0));
  };
  let stored: Promise<void> = Promise.resolve();
  try {
    const end = await runCluster({
      jobFile,
      run,
      jobDigest: wholeJobDigest(resolveJob(job)),
      claim: null,
      datasetDirectory: dataset,
      output: join(folder, 'run'),
      checkpoints: join(folder, 'run', 'checkpoints'),
      workers: 2,
      natsUrl: server.url,
      metricsPort: null,
      resume: null,
      evaluateOnly: false,
      onEvent: (event) => {
        if (event.kind === 'committed' && event.report.step === 3) stored = forge();
      },
      onProcess: () => undefined,
    }).end;
    await stored;
    assert.equal(end.kind === 'failed' ? end.cause.code : null, 'PLAN_FORGED');
    assert.equal(end.kind === 'failed' ? end.cause.exitCode : null, exitCodes.training);
    assert.match(end.kind === 'failed' ? end.cause.message : '', /the plan of step 60: .*shared/);
  } finally {
    await stranger.close();
    await server.stop();
  }
});
