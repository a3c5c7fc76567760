import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../shared/ids.js';
import { linksToldInterval } from '../../shared/limits.js';
import { millis } from '../../shared/units.js';
import { LinkSums } from './link-sums.js';
import { phasesInterval as intervalOf, PhaseSums } from './phase-sums.js';
import type { LoggedGeneration } from './run-state.js';
import type { StepReport } from './step-reports.js';

const report = (index: number, forward: number, more: object = {}): StepReport =>
  ({
    worker: workerId(`worker-${index}`),
    report: { phaseSeconds: { forward }, waitSeconds: forward / 2 },
    lanes: { own: [{ users: 2 }, { users: 3 }] },
    ...more,
  }) as unknown as StepReport;

const phasesInterval = intervalOf(2);

const sumsOf = (): PhaseSums => new PhaseSums(millis(0), (worker) => `host-of-${worker}`);

const links = (...peers: readonly [rank: number, waitSeconds: number][]) => ({
  seconds: 2,
  sentBytes: 10 * peers.length,
  receivedBytes: 7 * peers.length,
  peers: peers.map(([rank, waitSeconds]) => ({
    rank,
    sentBytes: 10,
    receiveSeconds: 0.1,
    waitSeconds,
  })),
});

const trainedBy = (generation: number, lanes: readonly number[]): LoggedGeneration => ({
  generation,
  members: lanes.map((count, index) => ({ worker: workerId(`worker-${index}`), lanes: count })),
  started: true,
});

// Would catch a log that grows by an entry of all members with each short step.
test('times are summed, and told once in a while', () => {
  const sums = sumsOf();
  const both = trainedBy(1, [3, 1]);
  assert.equal(sums.add(millis(100), [report(0, 1), report(1, 2)], both), null);
  const told = sums.add(phasesInterval, [report(0, 1), report(1, 4)], both);
  assert.deepEqual(told, {
    kind: 'phases',
    generation: 1,
    steps: 2,
    members: [
      { worker: 'worker-0', lanes: 3, phaseSeconds: { forward: 2 }, waitSeconds: 1 },
      { worker: 'worker-1', lanes: 1, phaseSeconds: { forward: 6 }, waitSeconds: 3 },
    ],
  });
  assert.equal(sums.add(millis(phasesInterval + 1), [report(0, 1)], both), null);
});

// Would catch a log that grows with the square of the members: each entry has all of them.
test('of many members the times are told less often', () => {
  assert.deepEqual([1, 2, 16, 64].map(intervalOf), [2000, 2000, 2000, 8000]);
  const sums = sumsOf();
  const many = trainedBy(
    1,
    Array.from({ length: 32 }, () => 1),
  );
  assert.equal(sums.add(millis(intervalOf(32) - 1), [report(0, 1)], many), null);
  assert.equal(sums.add(intervalOf(32), [report(0, 1)], many)?.steps, 2);
});

// Would catch times of one membership that are told as those of the next.
test('what a generation spent is told when the next one has trained', () => {
  const sums = sumsOf();
  sums.add(millis(1), [report(0, 1), report(1, 1)], trainedBy(1, [2, 2]));
  const told = sums.add(millis(2), [report(0, 5)], trainedBy(2, [4]));
  assert.deepEqual([told?.generation, told?.steps, told?.members.length], [1, 1, 2]);
  const next = sums.add(millis(2 + phasesInterval), [report(0, 5)], trainedBy(2, [4]));
  assert.deepEqual([next?.generation, next?.steps], [2, 2]);
  assert.deepEqual(next?.members[0]?.phaseSeconds, { forward: 10 });
});

// Would catch a report of a member that is not there any more, which nothing draws.
test('whoever has not reported has no times', () => {
  const sums = sumsOf();
  const told = sums.add(phasesInterval, [report(1, 1)], trainedBy(1, [2, 2]));
  assert.deepEqual(
    told?.members.map(({ worker }) => worker),
    ['worker-1'],
  );
});

// Would catch a share of work that a worker of an older version is given without having told any.
test('what each did of its lanes is summed, where it tells it', () => {
  const sums = sumsOf();
  const both = trainedBy(1, [2, 2]);
  const work = { itemTokens: 100, flops: 1e16 };
  sums.add(millis(1), [report(0, 1, { work }), report(1, 1, { work })], both);
  const told = sums.add(phasesInterval, [report(0, 1, { work }), report(1, 1)], both);
  assert.deepEqual(
    told?.members.map((member) => member.work),
    [{ users: 10, itemTokens: 200, flops: 2e16 }, undefined],
  );
});

// Would catch a history that grows by all pairs with every entry, and bytes that are told twice.
test('links are told once all members have, then rarely, as sums since the last time', () => {
  const sums = sumsOf();
  const both = trainedBy(1, [2, 2]);
  const of = (index: number, peer: number) =>
    report(index, 1, { generation: 1, links: links([peer, 0.4]) });
  const first = sums.add(phasesInterval, [of(0, 1), report(1, 1)], both);
  assert.deepEqual(
    first?.members.map(({ links: none }) => none),
    [undefined, undefined],
  );
  const second = sums.add(millis(2 * phasesInterval), [of(0, 1), of(1, 0)], both);
  assert.deepEqual(second?.members[0]?.links, {
    ...{ seconds: 4, sentBytes: 20, receivedBytes: 14 },
    peers: [{ rank: 1, sentBytes: 20, receiveSeconds: 0.2, waitSeconds: 0.8 }],
  });
  assert.equal(second?.members[1]?.host, 'host-of-worker-1');
  const third = sums.add(millis(3 * phasesInterval), [of(0, 1), of(1, 0)], both);
  assert.equal(third?.members[0]?.links, undefined);
  const later = sums.add(
    millis(2 * phasesInterval + linksToldInterval),
    [of(0, 1), report(1, 1)],
    both,
  );
  assert.deepEqual(
    later?.members.map((member) => member.links?.sentBytes),
    [20, 10],
  );
});

// Would catch links of one membership that are drawn between the members of the next one.
test('what links of an older generation carried is not told of a newer one', () => {
  const sums = sumsOf();
  const stale = report(0, 1, { generation: 1, links: links([1, 9]) });
  const two = trainedBy(2, [2, 2]);
  sums.add(millis(1), [report(0, 1), report(1, 1)], trainedBy(1, [2, 2]));
  sums.add(millis(2), [stale, report(1, 1)], two);
  const fresh = (index: number) =>
    report(index, 1, { generation: 2, links: links([1 - index, 0.5]) });
  const told = sums.add(millis(2 + phasesInterval), [fresh(0), fresh(1)], two);
  assert.equal(told?.members[0]?.links?.peers[0]?.waitSeconds, 0.5);
});

test('of a large cluster each member names its slowest peers', () => {
  const sums = new LinkSums();
  const worker = workerId('worker-0');
  sums.add(worker, links([1, 0.1], [2, 0.5], [3, 0.2], [4, 0.3]));
  sums.add(worker, links([5, 0.6], [2, 0.5], [3, 0.2], [4, 0.3]));
  const ranks = sums.of(worker, 64)?.peers.map(({ rank }) => rank);
  assert.deepEqual(ranks, [2, 4, 5, 3]);
  assert.equal(sums.of(worker, 16)?.peers.length, 5);
});
