/** Everyone is asked to end at the same time, as by a suspension: what is done is kept. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { smallJob } from '../run/small-run/small-job.js';
import { Pods, recordedSteps } from './pods.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-drain-'));
const dataset = join(folder, 'dataset');
const steps = 60;
/** No checkpoint is due before the end: the one that there is was written because all left. */
const job = smallJob(dataset, {
  duration: { steps },
  lanes: 4,
  workers: { replicas: 2 },
  checkpoint: { everySteps: 1000 },
});
const [undisturbed, drained] = ['t00000000000000b1', 't00000000000000b2'];

const words = (pods: Pods, run: string): string[] => [
  ...['--run', run, '--resume-if-any'],
  ...['--checkpoints', join(pods.folder, 'checkpoints', run)],
];

before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

// Would catch a suspension after which the job begins again, or trains steps twice.
test('all are asked to end at once: the run goes on from that very step, to the same bits', async () => {
  const pods = await Pods.open(job);
  try {
    const plain = pods.coordinator('c0', words(pods, undisturbed));
    const ones = ['w1', 'w2'].map((name) => pods.worker(name));
    for (const pod of [plain, ...ones]) assert.equal(await pod.exited, 0, pod.text);
    const expected = plain.said.at(-1)?.weights_sha256;

    const first = pods.coordinator('c1', words(pods, drained));
    const workers = ['w3', 'w4'].map((name) => pods.worker(name));
    await first.committed(15);
    for (const pod of [...workers, first]) pod.signal('SIGTERM');
    for (const pod of [...workers, first]) assert.equal(await pod.exited, 5, pod.text);
    const before = recordedSteps(await pods.happenings(drained));
    const saved = readdirSync(join(pods.folder, 'checkpoints', drained)).filter((name) =>
      name.startsWith('step-'),
    );
    const step = `step-${String(before.length).padStart(8, '0')}`;
    assert.deepEqual(saved, [step], first.text);
    // One of them has written it for both.
    const writers = workers.filter(({ folder, name }) =>
      /now draining/.test(readFileSync(join(folder, 'logs', `${name}.log`), 'utf8')),
    );
    assert.equal(writers.length, 1);

    const second = pods.coordinator('c2', words(pods, drained));
    const others = ['w5', 'w6'].map((name) => pods.worker(name));
    for (const pod of [second, ...others]) assert.equal(await pod.exited, 0, pod.text);
    assert.equal(second.said.at(-1)?.weights_sha256, expected);
    const happenings = await pods.happenings(drained);
    assert.deepEqual(
      recordedSteps(happenings),
      Array.from({ length: steps }, (_, index) => index),
    );
    const told = happenings.find((one) => one.kind === 'checkpointed');
    assert.equal(told?.kind === 'checkpointed' && told.committedSteps, before.length);
  } finally {
    await pods.close();
  }
});
