import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setEnvironmentData } from 'node:worker_threads';
import { openDataset } from '../../dataset/dataset.js';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { goodItems, temporaryFolder, writeInput } from '../../dataset/import/import-fixture.js';
import { trainingView } from '../../dataset/training-view.js';
import { codeOf } from '../../shared/exit-codes.js';
import { step } from '../../shared/ids.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { encodeStepPlan } from '../../shared/messages/step-plan-message.js';
import { laneParts, sharedPart } from '../../shared/plan/plan.js';
import { Planner } from '../../shared/plan/planner.js';
import { type CoordinatedCluster, trainingCluster } from '../leading/coordinator-fixture.js';
import { settle } from '../run-fixture.js';
import { heldKey } from './held-planner-fixture.js';
import { startPlanner } from './start-planner.js';

const entry = new URL('./planner-thread.js', import.meta.url);

const job: TrainingJob = resolveJob({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'test' },
  spec: { data: { path: 'd' }, lanes: 4, batch: { sequences: 2 }, duration: { steps: 9 } },
});

/** Twelve users, so that there are some to train on. */
async function makeDataset(context: TestContext): Promise<string> {
  const rows = Array.from({ length: 12 }, (_, user) =>
    ['a', 'b', 'c', 'b', 'a'].map((item, at) => `u${user},${item},${at}`),
  );
  const interactions = ['user_id,item_id,timestamp', ...rows.flat(), ''].join('\n');
  const input = writeInput(temporaryFolder(context), goodItems, interactions);
  return (await importDataset(input)).directory;
}

// Would catch a plan that depends on where it is computed, and answers that are mixed up.
test('the planner thread plans what a planner here plans, to the byte', async (context) => {
  const directory = await makeDataset(context);
  const training = trainingView(await openDataset(directory));
  const planner = new Planner(job, training);
  const opened = await startPlanner(entry, job, directory);
  try {
    assert.equal(opened.datasetDigest, training.digest);
    assert.equal(opened.totalSteps, 9);
    const steps = [0, 7, 3, 7, 1].map(step);
    const plans = await Promise.all(steps.map((at) => opened.plans.plan(at)));
    for (const [index, at] of steps.entries()) {
      const plan = planner.plan(at);
      const lanes = laneParts(plan);
      assert.deepEqual(plans[index], {
        ...encodeStepPlan(sharedPart(plan), lanes),
        users: { epoch: plan.epoch, lanes: lanes.map(({ users }) => users) },
      });
    }
  } finally {
    await opened.plans.close();
  }
});

// Would catch a thread whose failure is nobody's, or loses its code: the exit code follows from it.
test('what the thread fails of has the code that it had there', async (context) => {
  const nothing = temporaryFolder(context);
  const started = startPlanner(entry, job, nothing);
  await assert.rejects(started, (error) => codeOf(error) === 'NOT_A_DATASET');
  const none = startPlanner(new URL('../no-such-thread.js', import.meta.url), job, nothing);
  await assert.rejects(none, /no-such-thread/);
});

const workersHeard = ({ workers }: CoordinatedCluster): number => workers[0]?.leads ?? 0;

// Would catch planning on the thread that sends heartbeats: while it computes the order of millions of
// sequences, healthy workers would give the coordinator up.
test('heartbeats go on while a plan is being computed', async () => {
  const released = new Int32Array(new SharedArrayBuffer(4));
  setEnvironmentData(heldKey, released as never);
  const held = new URL('./held-planner-fixture.js', import.meta.url);
  const { plans } = await startPlanner(held, job, 'd');
  try {
    const cluster = await trainingCluster({}, { plans });
    const before = workersHeard(cluster);
    // Twenty leads, although no plan comes.
    await cluster.pass(10_000);
    assert.ok(workersHeard(cluster) - before >= 20);
    assert.deepEqual(await cluster.plannedSteps(), []);
    Atomics.store(released, 0, 1);
    Atomics.notify(released, 0);
    // The publisher asks for one step after the other; each answer of ours comes behind one of its own.
    for (let at = 0; at < 8; at++) {
      await plans.plan(step(at));
      await settle();
    }
    assert.deepEqual(await cluster.plannedSteps(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(cluster.coordinators[0]?.coordinator.unhealthy, null);
  } finally {
    await plans.close();
  }
});
