/** A step of two members and three lanes, for tests. */

import { usersDigest } from './lane-users.js';
import { accountOf } from './lanes-account.js';
import type { LedgerRecord, StateHash } from './ledger-record.js';
import { type PlannedUsers, recordStep, type StepToRecord } from './record-step.js';

export const plannedUsers: PlannedUsers = {
  epoch: 2,
  lanes: [Int32Array.of(7, 0), Int32Array.of(), Int32Array.of(2_000_000_001)],
};

export const aHash: StateHash = { from: 0, to: 64, value: '00000000000000ff' };

export const anotherHash: StateHash = { ...aHash, value: '00000000000000fe' };

const members = [
  { worker: 'worker-0', lanes: 1 },
  { worker: 'worker-1', lanes: 2 },
];

const runs: Readonly<Record<string, { readonly start: number; readonly end: number }>> = {
  'worker-0': { start: 0, end: 1 },
  'worker-1': { start: 1, end: 3 },
};

/** Of one of the two members, as it had the lanes. */
export const reportOf = (
  worker: string,
  stateHash: StateHash = aHash,
  lanes = plannedDigests(),
) => ({
  worker,
  lanes: accountOf(lanes, runs[worker] as { start: number; end: number }),
  report: { stateHash },
});

export const plannedDigests = (plan: PlannedUsers = plannedUsers) =>
  plan.lanes.map((users) => ({ users: users.length, digest: usersDigest(users) }));

export const stepToRecord = (changes: Partial<StepToRecord> = {}): StepToRecord => ({
  step: 41,
  plan: plannedUsers,
  planSha256: 'a'.repeat(64),
  generation: {
    generation: 3,
    fence: 1,
    members,
  },
  reports: [reportOf('worker-1'), reportOf('worker-0')],
  time: '2026-01-02T03:04:05.678Z',
  ...changes,
});

export function aRecord(changes: Partial<StepToRecord> = {}): LedgerRecord {
  const recording = recordStep(stepToRecord(changes));
  if (recording.kind !== 'record') throw recording.error;
  return recording.record;
}

/** What a step's report says for the ledger. */
export const nothingTrained = { stateHash: aHash };

export const noUsers = { users: 0, digest: usersDigest(Int32Array.of()) };

/** Of lanes without users, of which the first ones are the member's own. */
export const emptyLanes = (own = 2, all = own) =>
  accountOf(
    Array.from({ length: all }, () => noUsers),
    { start: 0, end: own },
  );
