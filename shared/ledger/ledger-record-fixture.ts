/** A step of two members and three lanes, for tests. */

import { usersDigest } from './lane-users.js';
import type { LedgerRecord, StateHash } from './ledger-record.js';
import { type PlannedUsers, recordStep, type StepToRecord } from './record-step.js';

export const plannedUsers: PlannedUsers = {
  epoch: 2,
  lanes: [Int32Array.of(7, 0), Int32Array.of(), Int32Array.of(2_000_000_001)],
};

export const aHash: StateHash = { from: 0, to: 64, value: '00000000000000ff' };

export const anotherHash: StateHash = { ...aHash, value: '00000000000000fe' };

export const reportOf = (
  worker: string,
  stateHash: StateHash = aHash,
  plan: PlannedUsers = plannedUsers,
) => ({
  worker,
  report: {
    lanes: plan.lanes.map((users) => ({
      users: users.length,
      digest: usersDigest(users),
    })),
    stateHash,
  },
});

export const stepToRecord = (changes: Partial<StepToRecord> = {}): StepToRecord => ({
  step: 41,
  plan: plannedUsers,
  planSha256: 'a'.repeat(64),
  generation: {
    generation: 3,
    fence: 1,
    members: [
      { worker: 'worker-0', lanes: 1 },
      { worker: 'worker-1', lanes: 2 },
    ],
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

/** What a step's report says for the ledger, of lanes without users. */
export const nothingTrained = (lanes = 2) => ({
  lanes: Array.from({ length: lanes }, () => ({ users: 0, digest: usersDigest(Int32Array.of()) })),
  stateHash: aHash,
});
