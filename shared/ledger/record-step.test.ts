import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StateDiffersError } from './judge-hashes.js';
import { decodeUsers } from './lane-users.js';
import { ledgerRecord } from './ledger-record.js';
import {
  aHash,
  anotherHash,
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

// Would catch a step that goes into the ledger with what was planned instead of what was trained.
test('a lane that was trained on other users is no record but a difference, by name', () => {
  const good = reportOf('worker-0');
  const [first, second, third] = good.report.lanes;
  const wrongs = [
    [second, first, third],
    [first, second],
    [{ ...first, users: 3 }, second, third],
  ] as (typeof good.report.lanes)[];
  for (const lanes of wrongs) {
    const bad = { ...good, report: { ...good.report, lanes } };
    const recording = recordStep(stepToRecord({ reports: [reportOf('worker-1'), bad] }));
    assert.equal(recording.kind, 'difference');
    if (recording.kind !== 'difference') return;
    assert.ok(recording.error instanceof UsersDifferError);
    assert.match(recording.error.message, /step 41: worker-0 reports/);
  }
});

// Would catch silent corruption that is written down as if the members agreed.
test('members whose states differ give no record', () => {
  const reports = [reportOf('worker-0'), reportOf('worker-1', anotherHash)];
  const recording = recordStep(stepToRecord({ reports }));
  assert.ok(recording.kind === 'difference' && recording.error instanceof StateDiffersError);
});
