/**
 * The plan of a step as it travels: one shared part, and one part for each lane that fits no other
 * shared part. Negatives are most of a plan; in every lane's message they would travel V times.
 */
import type { LanePart, LanePlan, SharedPart } from '../plan/lane-plan.js';
import { encodeLanePart } from './lane-plan-message.js';
import { sha256 } from './parts.js';
import { encodeSharedPlan, type SharedPlan } from './shared-plan-message.js';

export interface EncodedPart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface EncodedPlan {
  /** Its SHA-256 is the digest of the whole step. */
  readonly shared: EncodedPart;
  /** In lane order. */
  readonly lanes: readonly EncodedPart[];
}

/** The parts of a plan disagree: no step can be trained on them. */
export class PlanMismatchError extends Error {
  override readonly name = 'PlanMismatchError';
  readonly code = 'PLAN_MISMATCH';
}

/** @param lanes in lane order. */
export function encodeStepPlan(shared: SharedPart, lanes: readonly LanePart[]): EncodedPlan {
  const parts = lanes.map((lane) => encoded(encodeLanePart(lane)));
  const laneDigests = parts.map((part) => part.sha256);
  return { shared: encoded(encodeSharedPlan({ ...shared, laneDigests })), lanes: parts };
}

const encoded = (bytes: Uint8Array): EncodedPart => ({
  bytes: bytes as Uint8Array<ArrayBuffer>,
  sha256: sha256(bytes),
});

/**
 * A lane's part beside the shared one, as the step needs them.
 *
 * @param laneSha256 of the bytes that the lane's part was read from, in hexadecimal.
 * @throws PlanMismatchError
 */
export function joinPlan(shared: SharedPlan, part: LanePart, laneSha256: string): LanePlan {
  const { lane, step, lanes } = part;
  const refused = (difference: string): PlanMismatchError =>
    new PlanMismatchError(`Cannot train step ${step}: the plan of lane ${lane} ${difference}`);
  if (step !== shared.step || lanes !== shared.lanes) {
    const of = `lane of ${lanes}, step ${step}, and the shared part for ${shared.lanes}`;
    throw refused(`is for a ${of}, step ${shared.step}`);
  }
  const announced = shared.laneDigests[lane];
  if (announced !== laneSha256) {
    throw refused(`has SHA-256 ${laneSha256}: the step's shared part announces ${announced}`);
  }
  const rows = shared.itemLaneOffsets[lanes] as number;
  const [start, end] = [shared.itemLaneOffsets[lane], shared.itemLaneOffsets[lane + 1]];
  const own = (end as number) - (start as number);
  if (part.items.length !== own) {
    throw refused(`has ${part.items.length} items: the step's shared part gives it ${own}`);
  }
  const isOutside = (row: number): boolean => row >= rows;
  const outside = part.sequenceRows.find(isOutside) ?? part.targets?.rows.find(isOutside);
  if (outside !== undefined) throw refused(`names row ${outside}: the step has ${rows} rows`);
  const { itemLaneOffsets, negatives } = shared;
  return { ...part, itemLaneOffsets, negatives };
}
