/**
 * The ledger: what each committed step was trained on, by whom, and what the members' state was then.
 * A record names the users themselves, so that an audit needs no trust in whoever made the plan; the
 * digests are the members' own account of what they trained.
 */
import { z } from 'zod';
import { lanesMax, membersMax } from '../limits.js';
import { decodeUsers } from './lane-users.js';

const count = z.int().min(0);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const worker = z.string().min(1).max(128);

/** Of what a lane was trained on, as the member that trained it read it. */
export const laneDigest = z.strictObject({
  /** Sequences: a user whose history is cut has several. */
  users: count,
  /** `usersDigest` of them. */
  digest: sha256,
});

/** A part of a member's state, or all of it, after a commit. */
export const stateHash = z.strictObject({
  /** Bytes of parameters, first and second moments, laid one behind the other. */
  from: count,
  to: count,
  /** 64 bits, in hexadecimal; see `hashState`. */
  value: z.string().regex(/^[0-9a-f]{16}$/),
});

const recordedLane = z.strictObject({
  /** The rank of the member that trained it. */
  owner: count,
  users: z.string().refine((text) => decodeUsers(text) !== null, 'must be u32 in base64'),
  digest: sha256,
});

export const ledgerRecord = z.strictObject({
  step: count,
  generation: count,
  /** Of the leader that recorded it. */
  fence: count,
  /** Of the step's stage, from 0. */
  epoch: count,
  /** By rank. */
  members: z.array(worker).min(1).max(membersMax),
  /** In lane order. */
  lanes: z.array(recordedLane).min(1).max(lanesMax),
  /** Of the plan that the members read. */
  planSha256: sha256,
  stateHash,
  /** Members whose reports are the evidence, by rank; all of them but where one was lost behind the commit. */
  reporters: z.array(worker).min(1).max(membersMax),
  /** ISO 8601, of the leader's clock. */
  time: z.iso.datetime(),
});

export type LaneDigest = Readonly<z.infer<typeof laneDigest>>;
export type StateHash = Readonly<z.infer<typeof stateHash>>;
export type LedgerRecord = Readonly<z.infer<typeof ledgerRecord>>;
