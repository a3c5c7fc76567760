/** Makes the ledger's record of a step, or says why the step cannot be recorded. */
import { judgeHashes, StateDiffersError } from './judge-hashes.js';
import { encodeUsers, usersDigest } from './lane-users.js';
import { type LanesAccount, lanesDigest } from './lanes-account.js';
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
  readonly lanes: LanesAccount;
  readonly report: { readonly stateHash: StateHash };
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
  const planned = plan.lanes.map(
    (users): LaneDigest => ({ users: users.length, digest: usersDigest(users) }),
  );
  const difference = lanesDifference(planned, generation.members, reports);
  if (difference !== null) {
    const text = `Cannot record step ${step}: ${difference}`;
    return { kind: 'difference', error: new UsersDifferError(text) };
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
      digest: (planned[lane] as LaneDigest).digest,
    })),
    planSha256,
    stateHash: verdict.stateHash,
    reporters: members.filter((worker) => told.has(worker)),
    time,
  };
  return { kind: 'record', record };
}

/**
 * Null where the lanes were trained on the plan's users. Whoever trained a lane is named for it before
 * those who only heard of it.
 */
function lanesDifference(
  planned: readonly LaneDigest[],
  members: RecordingGeneration['members'],
  reports: readonly CommittedReport[],
): string | null {
  let start = 0;
  for (const { worker, lanes: count } of members) {
    const own = planned.slice(start, start + count);
    const told = reports.find((one) => one.worker === worker)?.lanes.own;
    const difference = told === undefined ? null : ownDifference(own, told, start);
    if (difference !== null) return `${worker} reports ${difference}`;
    start += count;
  }
  const all = lanesDigest(planned);
  const odd = reports.filter(({ lanes }) => lanes.all !== all).map(({ worker }) => worker);
  if (odd.length === 0) return null;
  return (
    `${odd.join(', ')} had the lanes of all members trained on users with another SHA-256 than the ` +
    "plan's: each owner reports what the plan gives its own lanes"
  );
}

function ownDifference(
  planned: readonly LaneDigest[],
  told: readonly LaneDigest[],
  start: number,
): string | null {
  if (told.length !== planned.length) {
    return `${told.length} lanes of its own: its generation gives it ${planned.length}`;
  }
  const index = told.findIndex(
    ({ users, digest }, of) => digest !== planned[of]?.digest || users !== planned[of]?.users,
  );
  if (index < 0) return null;
  const [theirs, ours] = [told[index] as LaneDigest, planned[index] as LaneDigest];
  return (
    `that lane ${start + index} was trained on ${theirs.users} users with SHA-256 ${theirs.digest}: ` +
    `the plan gives it ${ours.users} with ${ours.digest}`
  );
}

/** The rank that owns each lane. */
const ownersOf = (members: RecordingGeneration['members']): number[] =>
  members.flatMap(({ lanes }, rank) => Array.from({ length: lanes }, () => rank));
