/** Coordinators that are given the run's id lead one run, whichever of them comes when, from any folder. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { type Pod, Pods, recordedSteps } from './pods.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-given-'));
const dataset = join(folder, 'dataset');
// Enough for whoever leaves, on a machine that has nothing else to do, to be gone before the last one.
const steps = 240;
const job = longJob({ dataset, steps });
const [first, second, third] = ['t00000000000000a1', 't00000000000000a2', 't00000000000000a3'];
let undisturbed: unknown;

/** As the controller starts it. */
const words = (pods: Pods, run: string): string[] => [
  ...['--run', run, '--resume-if-any'],
  ...['--checkpoints', join(pods.folder, 'checkpoints', run)],
];

const upTo = (count: number): number[] => Array.from({ length: count }, (_, step) => step);
const everyStep = upTo(steps);

const weightsOf = (pod: Pod): unknown => pod.said.at(-1)?.weights_sha256;

before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

// Would catch two coordinators that begin one run twice, or of which only one hears its end.
test('two that are started together lead one run, and both tell its end', async () => {
  const pods = await Pods.open(job);
  try {
    const both = ['c1', 'c2'].map((name) => pods.coordinator(name, words(pods, first)));
    const workers = ['w1', 'w2'].map((name) => pods.worker(name));
    for (const pod of [...both, ...workers]) assert.equal(await pod.exited, 0, pod.text);
    const [one, other] = both as [Pod, Pod];
    undisturbed = weightsOf(one);
    assert.match(String(undisturbed), /^[0-9a-f]{64}$/);
    assert.equal(weightsOf(other), undisturbed);
    assert.deepEqual(recordedSteps(await pods.happenings(first)), everyStep);
    // Would catch one that trains a run again that is over.
    const late = pods.coordinator('c3', words(pods, first));
    assert.equal(await late.exited, 0, late.text);
    assert.match(late.text, /is over already/);
    assert.equal(weightsOf(late), undisturbed);
    assert.equal((await pods.happenings(first)).at(-1)?.kind, 'finished');
  } finally {
    await pods.close();
  }
});

// Would catch a new pod that begins a second run, or one from which a deposed leader takes it back; and a
// run that begins anew because all of it was gone for a while.
test('killed, asked to leave, or gone together with all workers: the run goes on where it was', async () => {
  const pods = await Pods.open(job);
  try {
    const killed = pods.coordinator('c1', words(pods, second));
    const workers = ['w1', 'w2'].map((name) => pods.worker(name));
    await killed.committed(8);
    killed.signal('SIGKILL');
    const left = pods.coordinator('c2', words(pods, second));
    await left.committed(20);
    // Its history begins where the run began, not where it took over.
    assert.equal(left.said.find(({ kind }) => kind === 'committed')?.committed_steps, 1);
    left.signal('SIGTERM');
    assert.equal(await left.exited, 5, left.text);
    assert.deepEqual([left.said.at(-1)?.kind, left.said.at(-1)?.exit_code], ['left', 5]);
    const suspended = pods.coordinator('c3', words(pods, second));
    await suspended.committed(35);
    for (const pod of [...workers, suspended]) pod.signal('SIGKILL');
    await Promise.all([...workers, suspended].map(({ exited }) => exited));
    const resumed = pods.coordinator('c4', words(pods, second));
    const others = ['w3', 'w4'].map((name) => pods.worker(name));
    for (const pod of [resumed, ...others]) assert.equal(await pod.exited, 0, pod.text);
    assert.equal(weightsOf(resumed), undisturbed);
    const happenings = await pods.happenings(second);
    assert.deepEqual(
      happenings.flatMap((one) =>
        one.kind === 'generation' && one.position?.committedSteps === 0 ? [one.resumedFrom] : [],
      ),
      [null],
      'it begins once',
    );
    assert.deepEqual([...new Set(recordedSteps(happenings))], everyStep);
  } finally {
    await pods.close();
  }
});

// Would catch a run that was stopped and is trained further by the next pod; and another job, or another
// run, that takes its place.
test('a run that was stopped is over, until somebody asks to go on; another job is refused', async () => {
  // Long enough to be stopped in the middle, however slowly a command starts.
  const many = 300;
  const pods = await Pods.open(longJob({ dataset, steps: many }));
  try {
    const coordinator = pods.coordinator('c1', words(pods, third));
    await coordinator.says(/"kind":"waiting"/);
    const changed = pods.coordinator('c2', [...words(pods, third), '--set', 'seed=9']);
    assert.equal(await changed.exited, 2, changed.text);
    assert.match(changed.text, /seed/);
    const other = pods.coordinator('c3', words(pods, first));
    assert.equal(await other.exited, 2, other.text);
    assert.equal(other.said.at(-1)?.code, 'RUN_LIVE');
    const workers = ['w1', 'w2'].map((name) => pods.worker(name));
    await coordinator.committed(5);
    coordinator.signal('SIGTERM');
    assert.equal(await coordinator.exited, 5);
    // Would catch a run that is called over because its coordinator is being replaced.
    const early = pods.stop('early');
    assert.equal(await early.exited, 2, early.text);
    assert.match(early.text, /nobody leads its run t00000000000000a3 now/);
    const stopped = pods.coordinator('c4', words(pods, third));
    // It tells what its predecessor has recorded, too; the step behind that is its own.
    const { length } = recordedSteps(await pods.happenings(third));
    await stopped.committed(length + 1);
    const stop = pods.stop();
    assert.equal(await stop.exited, 0, stop.text);
    for (const pod of [stopped, ...workers]) assert.equal(await pod.exited, 5, pod.text);
    const late = pods.coordinator('c5', words(pods, third));
    assert.equal(await late.exited, 5, late.text);
    assert.deepEqual([late.said.at(-1)?.kind, late.said.at(-1)?.stopped], ['finished', true]);
    const wanted = words(pods, third).map((word) => word.replace('--resume-if-any', '--resume'));
    const again = pods.coordinator('c6', wanted);
    const others = ['w3', 'w4'].map((name) => pods.worker(name));
    for (const pod of [again, ...others]) assert.equal(await pod.exited, 0, pod.text);
    assert.deepEqual(recordedSteps(await pods.happenings(third)), upTo(many));
  } finally {
    await pods.close();
  }
});
