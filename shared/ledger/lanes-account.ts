/**
 * What a member says of a step's lanes: the digests of its own ones, and one digest over those of all
 * lanes, as it has them. Together the members name every lane once, whoever differs says another digest
 * of all, and what a member says does not grow with the others' lanes.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { lanesMax } from '../limits.js';
import { type LaneDigest, laneDigest, sha256 } from './ledger-record.js';

export const lanesAccount = z.strictObject({
  /** Of the lanes that the member trained, in lane order. */
  own: z.array(laneDigest).max(lanesMax).readonly(),
  /** `lanesDigest` of all lanes. */
  all: sha256,
});

export type LanesAccount = Readonly<z.infer<typeof lanesAccount>>;

/** @param lanes of the step, all of them, in lane order; the member trained those of its run */
export const accountOf = (
  lanes: readonly LaneDigest[],
  run: { readonly start: number; readonly end: number },
): LanesAccount => ({ own: lanes.slice(run.start, run.end), all: lanesDigest(lanes) });

/** SHA-256 of a line for each lane, its users and their digest, in hexadecimal. */
export function lanesDigest(lanes: readonly LaneDigest[]): string {
  const hash = createHash('sha256');
  for (const { users, digest } of lanes) hash.update(`${users} ${digest}\n`);
  return hash.digest('hex');
}
