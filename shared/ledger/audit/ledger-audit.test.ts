import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUsers, encodeUsers, usersDigest } from '../lane-users.js';
import type { LedgerLine } from '../ledger-line.js';
import type { LedgerRecord } from '../ledger-record.js';
import type { Difference } from './differences.js';
import { LedgerAudit } from './ledger-audit.js';
import { begins, expectation, resumed, stepLines } from './ledger-fixture.js';

const total = expectation().stages.at(-1)?.end ?? 0;
const whole = stepLines(0, total);

function audit(lines: readonly LedgerLine[], recompute = false) {
  const auditing = new LedgerAudit(expectation(recompute));
  for (const line of [begins(), ...lines]) auditing.line(line);
  const summary = auditing.end();
  const { kept, count } = auditing.differences;
  return { summary, kept, count, kinds: kept.map(({ kind }) => kind) };
}

/** A lane of the first epoch that trains several users. */
const [pairStep, pairLane] = whole.flatMap((line) => {
  if (line.kind !== 'step') return [];
  const lane = line.record.lanes.findIndex(({ users }) => users.length > 8);
  return lane < 0 ? [] : [[line.record.step, lane] as const];
})[0] as readonly [number, number];

/** The whole ledger with another record of one step. */
const changed = (step: number, change: (record: LedgerRecord) => Partial<LedgerRecord>) =>
  whole.map((line): LedgerLine => {
    if (line.kind !== 'step' || line.record.step !== step) return line;
    return { kind: 'step', record: { ...line.record, ...change(line.record) } };
  });

/** The users of a lane changed, and everything that would give it away but the dataset. */
const withUsers = (step: number, lane: number, change: (users: number[]) => number[]) =>
  changed(step, ({ lanes }) => ({
    lanes: lanes.map((one, index) => {
      if (index !== lane) return one;
      const users = Int32Array.from(change([...(decodeUsers(one.users) as Int32Array)]));
      return { ...one, users: encodeUsers(users), digest: usersDigest(users) };
    }),
  }));

const kindsOf = (lines: readonly LedgerLine[], recompute = false): Difference['kind'][] => [
  ...new Set(audit(lines, recompute).kinds),
];

// Would catch an audit that cries at what is right: windows of one user, the border of stages, an
// epoch's last short step.
test('the ledger of an undisturbed run passes, with as many epochs as the job has', () => {
  const { summary, kept } = audit(whole, true);
  assert.deepEqual(kept, []);
  assert.deepEqual(
    [summary.steps, summary.epochs, summary.openSteps, summary.plans, summary.generations],
    [total, 3, 0, total, 1],
  );
  assert.deepEqual([summary.users, summary.sequences], [7, 7]);
  assert.equal(summary.stateHash?.value, '1'.padStart(16, '0'));
});

// Would catch an audit that takes an epoch for over, or for damaged, where training has just not ended.
test('a ledger may end anywhere, and go back to any step before', () => {
  fc.assert(
    fc.property(fc.nat(total), fc.nat(total), fc.integer({ min: 1, max: 3 }), (a, b, members) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      assert.deepEqual(audit(stepLines(0, from)).kept, []);
      const lines = [...stepLines(0, to), resumed(from), ...stepLines(from, total, members)];
      const { kept, summary } = audit(lines);
      assert.deepEqual(kept, []);
      assert.deepEqual([summary.steps, summary.epochs], [total, 3]);
      assert.deepEqual([summary.resumed, summary.trainedAgain], [1, to - from]);
    }),
    { numRuns: 30 },
  );
});

// Would catch what a ledger is for: a user who is trained twice, never, or does not exist.
test('every user who is too many, too few or a stranger is found', () => {
  assert.deepEqual(
    kindsOf(withUsers(pairStep, pairLane, ([first = 0, , ...rest]) => [first, first, ...rest])),
    ['user-again', 'user-missing'],
  );
  assert.deepEqual(kindsOf(withUsers(0, 0, (users) => users.slice(1))), ['user-missing']);
  for (const stranger of [1, 8, 2 ** 31 - 1]) {
    const lines = withUsers(0, 1, (users) => [...users, stranger]);
    assert.deepEqual(kindsOf(lines), ['foreign-user'], `${stranger}`);
  }
  // Users who change places within the epoch are a matter of the plan.
  assert.deepEqual(kindsOf(withUsers(pairStep, pairLane, (users) => users.toReversed())), []);
  assert.deepEqual(
    kindsOf(
      withUsers(pairStep, pairLane, (users) => users.toReversed()),
      true,
    ),
    ['plan'],
  );
});

// Would catch steps that are lost, doubled or exchanged by whoever records them.
test('steps that are missing, again or in another order are found', () => {
  assert.deepEqual(kindsOf(whole.toSpliced(2, 1)), ['steps']);
  assert.deepEqual(kindsOf(whole.toSpliced(2, 0, whole[1] as LedgerLine)), ['order']);
  assert.deepEqual(kindsOf(whole.toSpliced(1, 2, whole[2] as LedgerLine, whole[1] as LedgerLine)), [
    'steps',
    'order',
  ]);
  assert.deepEqual(kindsOf([...whole.slice(0, 3), resumed(5), ...whole.slice(5)]), ['steps']);
  assert.deepEqual(kindsOf(stepLines(0, total).concat(whole.slice(-1))), ['order']);
});

// Would catch a step that is trained a second time with another result: the promise itself.
test('a step that is trained again must come to the same', () => {
  const again = (change: (record: LedgerRecord) => Partial<LedgerRecord>) =>
    kindsOf([...whole, resumed(0), ...changed(3, change)]);
  const stateHash = { from: 0, to: 64, value: 'f'.repeat(16) };
  assert.deepEqual(
    again(() => ({ stateHash })),
    ['trained-again'],
  );
  assert.deepEqual(
    again(() => ({ stateHash: { ...stateHash, to: 128 } })),
    [],
  );
  assert.deepEqual(
    again(() => ({ planSha256: 'a'.repeat(64) })),
    ['trained-again'],
  );
  const others = withUsers(pairStep, pairLane, (users) => users.toReversed());
  assert.deepEqual(kindsOf([...whole, resumed(0), ...others]), ['trained-again']);
});

test('a record that contradicts itself, its job or its neighbours is found', () => {
  const of = (change: (record: LedgerRecord) => Partial<LedgerRecord>) =>
    kindsOf(changed(2, change));
  assert.deepEqual(
    of(() => ({ epoch: 1 })),
    ['epoch'],
  );
  assert.deepEqual(
    of(() => ({ generation: 9 })),
    ['members'],
  );
  assert.deepEqual(
    of(() => ({ reporters: ['worker-7'] })),
    ['members'],
  );
  assert.deepEqual(
    of(({ lanes }) => ({ lanes: lanes.map((lane) => ({ ...lane, owner: 2 })) })),
    ['lanes'],
  );
  assert.deepEqual(
    of(({ lanes }) => ({ lanes: lanes.map((lane) => ({ ...lane, digest: 'a'.repeat(64) })) })),
    ['digest'],
  );
  assert.deepEqual(
    of(() => ({ stateHash: { from: 4, to: 4, value: 'a'.repeat(16) } })),
    ['state'],
  );
  const foreign = { ...begins(), run: 'tfedcba9876543210' } as LedgerLine;
  assert.deepEqual(kindsOf([foreign, ...whole]), ['owner']);
  const beyond = stepLines(total - 1, total).map(
    (line): LedgerLine =>
      line.kind === 'step' ? { kind: 'step', record: { ...line.record, step: total } } : line,
  );
  assert.deepEqual(kindsOf([...whole, ...beyond]), ['steps']);
});

// Would catch an audit that needs as much memory as a ledger of the wrong dataset has lines.
test('of many differences the first are kept and all are counted', () => {
  const lines = Array.from({ length: 500 }, () => whole[0] as LedgerLine);
  const { kept, count } = audit(lines);
  assert.equal(kept.length, 100);
  assert.equal(count, 499);
});
