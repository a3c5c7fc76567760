import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StateDiffersError } from './judge-hashes.js';
import { decodeUsers } from './lane-users.js';
import { ledgerRecord } from './ledger-record.js';
import {
  aHash,
  anotherHash,
  plannedDigests,
  plannedUsers,
  reportOf,
  stepToRecord,
} from './ledger-record-fixture.js';
import { recordStep, UsersDifferError } from './record-step.js';

// Would catch users under the lane of another one, and owners that are counted from the wrong rank.
test('a record names the users and the owner of every lane', () => {
  const recording = recordStep(stepToRecord());
  assert.equal(recording.kind, 'record');
  if (recording.kind !== 'record') return;
  const { record } = recording;
  assert.deepEqual(
    record.lanes.map(({ users }) => decodeUsers(users)),
    plannedUsers.lanes,
  );
  assert.deepEqual(
    record.lanes.map(({ owner }) => owner),
    [0, 1, 1],
  );
  assert.deepEqual(record.reporters, ['worker-0', 'worker-1']);
  assert.deepEqual(record.stateHash, aHash);
  assert.deepEqual(ledgerRecord.parse(record), record);
});

// Would catch a step that goes into the ledger with what was planned instead of what was trained, and
// a member that is blamed for what another one trained: all of them hear of every lane.
test('a lane that was trained on other users is no record but a difference, by its owner', () => {
  const [first, second, third] = plannedDigests();
  const wrongs = [
    [first, third, second],
    [first, { ...second, users: 3 }, third],
  ] as ReturnType<typeof plannedDigests>[];
  for (const lanes of wrongs) {
    const reports = ['worker-0', 'worker-1'].map((worker) => reportOf(worker, aHash, lanes));
    const recording = recordStep(stepToRecord({ reports }));
    assert.equal(recording.kind, 'difference');
    if (recording.kind !== 'difference') return;
    assert.ok(recording.error instanceof UsersDifferError);
    assert.match(recording.error.message, /step 41: worker-1 reports that lane 1 was trained on/);
  }
});

// Would catch lanes that nobody trained, where their owner believes in another share.
test('a member that owns other lanes than its generation gives it is a difference', () => {
  const [first] = plannedDigests();
  const good = reportOf('worker-1');
  const bad = { ...good, lanes: { ...good.lanes, own: [first] as typeof good.lanes.own } };
  const recording = recordStep(stepToRecord({ reports: [reportOf('worker-0'), bad] }));
  assert.ok(recording.kind === 'difference' && recording.error instanceof UsersDifferError);
  assert.match(recording.error.message, /worker-1 reports 1 lanes of its own: .* gives it 2/);
});

// Would catch a member whose links bring it other numbers than the others have: its own lanes are right.
test('a member that has heard of other users than all others is named', () => {
  const [first, second, third] = plannedDigests();
  const lanes = [first, third, second] as ReturnType<typeof plannedDigests>;
  const reports = [reportOf('worker-0', aHash, lanes), reportOf('worker-1')];
  const recording = recordStep(stepToRecord({ reports }));
  assert.ok(recording.kind === 'difference' && recording.error instanceof UsersDifferError);
  assert.match(recording.error.message, /step 41: worker-0 had the lanes of all members/);
});

// Would catch silent corruption that is written down as if the members agreed.
test('members whose states differ give no record', () => {
  const reports = [reportOf('worker-0'), reportOf('worker-1', anotherHash)];
  const recording = recordStep(stepToRecord({ reports }));
  assert.ok(recording.kind === 'difference' && recording.error instanceof StateDiffersError);
});
