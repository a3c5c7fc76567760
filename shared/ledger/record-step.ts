/** Makes the ledger's record of a step, or says why the step cannot be recorded. */
import { judgeHashes, StateDiffersError } from './judge-hashes.js';
import { encodeUsers, usersDigest } from './lane-users.js';
import type { LaneDigest, LedgerRecord, StateHash } from './ledger-record.js';

/** The part of a plan that a ledger records. */
export interface PlannedUsers {
  /** Of the step's stage, from 0. */
  readonly epoch: number;
  /** Of each lane, in the order in which it trains them: rows of the dataset. */
  readonly lanes: readonly Int32Array[];
}

/** Who trained a step. */
export interface RecordingGeneration {
  readonly generation: number;
  readonly fence: number;
  /** By rank; each owns so many lanes behind those of the ranks before it. */
  readonly members: readonly { readonly worker: string; readonly lanes: number }[];
}

export interface CommittedReport {
  readonly worker: string;
  readonly report: { readonly lanes: readonly LaneDigest[]; readonly stateHash: StateHash };
}

export interface StepToRecord {
  readonly step: number;
  readonly plan: PlannedUsers;
  /** Of the plan that every one of the reports was trained on, in hexadecimal. */
  readonly planSha256: string;
  readonly generation: RecordingGeneration;
  /** Of this step; at least one. */
  readonly reports: readonly CommittedReport[];
  /** ISO 8601. */
  readonly time: string;
}

/** A member trained a lane on other users than the plan gives it. */
export class UsersDifferError extends Error {
  override readonly name = 'UsersDifferError';
  readonly code = 'USERS_DIFFER';
}

export type Recording =
  | { readonly kind: 'record'; readonly record: LedgerRecord }
  | { readonly kind: 'difference'; readonly error: UsersDifferError | StateDiffersError };

export function recordStep(given: StepToRecord): Recording {
  const { step, plan, planSha256, generation, reports, time } = given;
  const digests = plan.lanes.map(usersDigest);
  for (const { worker, report } of reports) {
    const difference = lanesDifference(plan, digests, report.lanes);
    if (difference !== null) {
      const text = `Cannot record step ${step}: ${worker} reports ${difference}`;
      return { kind: 'difference', error: new UsersDifferError(text) };
    }
  }
  const verdict = judgeHashes(
    reports.map(({ worker, report }) => ({ worker, stateHash: report.stateHash })),
  );
  if (verdict.kind !== 'agree') {
    return { kind: 'difference', error: new StateDiffersError(step, verdict) };
  }
  const owners = ownersOf(generation.members);
  const told = new Set(reports.map(({ worker }) => worker));
  const members = generation.members.map(({ worker }) => worker);
  const record = {
    step,
    generation: generation.generation,
    fence: generation.fence,
    epoch: plan.epoch,
    members,
    lanes: plan.lanes.map((users, lane) => ({
      owner: owners[lane] as number,
      users: encodeUsers(users),
      digest: digests[lane] as string,
    })),
    planSha256,
    stateHash: verdict.stateHash,
    reporters: members.filter((worker) => told.has(worker)),
    time,
  };
  return { kind: 'record', record };
}

/** Null where the lanes were trained on the plan's users. */
function lanesDifference(
  plan: PlannedUsers,
  digests: readonly string[],
  lanes: readonly LaneDigest[],
): string | null {
  if (lanes.length !== plan.lanes.length) {
    return `${lanes.length} lanes: the plan has ${plan.lanes.length}`;
  }
  const lane = lanes.findIndex(
    ({ users, digest }, index) =>
      digest !== digests[index] || users !== (plan.lanes[index] as Int32Array).length,
  );
  if (lane < 0) return null;
  const { users, digest } = lanes[lane] as LaneDigest;
  return (
    `that lane ${lane} was trained on ${users} users with SHA-256 ${digest}: the plan gives it ` +
    `${(plan.lanes[lane] as Int32Array).length} with ${digests[lane]}`
  );
}

/** The rank that owns each lane. */
const ownersOf = (members: RecordingGeneration['members']): number[] =>
  members.flatMap(({ lanes }, rank) => Array.from({ length: lanes }, () => rank));
