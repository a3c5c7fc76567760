/** Where the members of a generation go on from: the greatest position that one of them holds. */
import type {
  GenerationRecord,
  GenerationStart,
} from '../../../shared/membership/generation-record.js';
import {
  farthest,
  firstPosition,
  type Position,
  positionText,
  samePosition,
} from '../../../shared/membership/position.js';
import type { FoundCheckpoint } from '../../../shared/messages/report-fields.js';
import type { Millis } from '../../../shared/units.js';
import type { ClusterView, SeenWorker } from '../cluster-view.js';
import { reportsTimeout } from '../limits.js';

export interface ChosenStart {
  readonly start: GenerationStart;
  readonly position: Position;
  /** The checkpoint as a holder names it; null where it does not begin from one. */
  readonly resumedFrom: string | null;
}

export type StartChoice =
  | ({ readonly kind: 'start' } & ChosenStart)
  | { readonly kind: 'wait'; readonly reason: string };

/**
 * @param members all of the generation, paused in it; not empty
 * @param waited since the last of them has paused
 */
export function chooseStart(
  members: readonly SeenWorker[],
  facts: ClusterView['facts'],
  waited: Millis,
): StartChoice {
  // A state beyond all reports is right, and of no use: the steps before it could not be recorded.
  const isOfUse = ({ committedSteps }: Position): boolean =>
    committedSteps <= facts.reportedSteps || waited < reportsTimeout;
  const positions = members.map(({ status }) => status.position);
  const truth = farthest(positions.filter((one) => one !== null && isOfUse(one)));
  const checkpoint = newestCheckpoint(members, facts);
  if (truth !== null && truth.committedSteps >= (checkpoint?.committedSteps ?? 0)) {
    // What nobody reported could never be recorded, should its holder be lost now.
    if (truth.committedSteps > facts.reportedSteps) {
      const reason = `reports of the steps up to ${positionText(truth)} are on their way`;
      return { kind: 'wait', reason };
    }
    const holders = namesOf(members, ({ status }) => samePosition(status.position, truth));
    return chosen({ kind: 'state', position: truth, holders }, truth, null);
  }
  if (checkpoint === null) return chosen({ kind: 'seed' }, firstPosition, null);
  const { committedSteps, path } = checkpoint;
  const holders = namesOf(
    members,
    ({ status }) => status.checkpoint?.committedSteps === committedSteps,
  );
  const position = { committedSteps, collapses: 0, settled: true };
  return chosen({ kind: 'checkpoint', committedSteps, holders }, position, path);
}

const chosen = (
  start: GenerationStart,
  position: Position,
  resumedFrom: string | null,
): StartChoice => ({ kind: 'start', start, position, resumedFrom });

function newestCheckpoint(
  members: readonly SeenWorker[],
  { fromSeed, hasTrained, reportedSteps }: ClusterView['facts'],
): FoundCheckpoint | null {
  // What lies about belongs to the run once the run has written something.
  if (fromSeed && !hasTrained) return null;
  return members.reduce<FoundCheckpoint | null>((best, { status: { checkpoint } }) => {
    // Its steps were reported to nobody who lives: going on from there would leave a hole in the ledger.
    if (checkpoint === null || (hasTrained && checkpoint.committedSteps > reportedSteps))
      return best;
    return best === null || checkpoint.committedSteps > best.committedSteps ? checkpoint : best;
  }, null);
}

const namesOf = (
  members: readonly SeenWorker[],
  isHolder: (seen: SeenWorker) => boolean,
): GenerationRecord['members'][number]['worker'][] =>
  members.filter(isHolder).map(({ worker }) => worker);
