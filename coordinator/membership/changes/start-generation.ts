/** A generation is formed: whether it can start, and from where. */
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import { type Millis, millis } from '../../../shared/units.js';
import type { ClusterView, SeenWorker, WorkersWanted } from '../cluster-view.js';
import { isPausedIn, looksIn } from '../find-late.js';
import { type MembershipDecision, nothing } from '../membership-decision.js';
import { leastOf, membersOf, membersThatWrite, spares } from '../who-is-there.js';
import { chooseStart } from './choose-start.js';
import { form } from './form-generation.js';

export function tryToStart(
  now: Millis,
  view: ClusterView,
  record: GenerationRecord,
  wanted: WorkersWanted,
  standing: readonly SeenWorker[],
): MembershipDecision {
  const members = membersOf(view, record);
  const least = leastOf(wanted);
  const writes = membersThatWrite(now, view, record);
  if (members.length === 0 && writes.length > 0) {
    return { kind: 'wait', reason: `${writes.join(', ')} writes a checkpoint and leaves` };
  }
  if (members.length < least && !(view.facts.stopping && members.length > 0)) {
    const more = spares(members, standing, wanted);
    if (members.length + more.length >= least) {
      const names = more.map(({ worker }) => worker);
      const reason = `${names.join(', ')} ${names.length === 1 ? 'makes' : 'make'} it enough`;
      const all = [...members, ...more];
      return form({
        view,
        wanted,
        members: all,
        planned: record.planned,
        reason,
        cause: 'joined',
        workers: names,
      });
    }
    return { kind: 'wait', reason: `${members.length} of at least ${least} workers` };
  }
  const open = members
    .filter((seen) => !isPausedIn(seen, record))
    .filter((seen) => !(looksIn(seen, record) && holdsAll(members, view, record)))
    .map(({ worker }) => worker);
  if (open.length > 0) {
    return nothing(`generation ${record.generation} waits for ${open.join(', ')}`);
  }
  const pausedAt = Math.max(view.formedAt, ...members.map(({ movedAt }) => movedAt));
  const choice = chooseStart(members, view.facts, millis(now - pausedAt));
  if (choice.kind === 'wait') return nothing(choice.reason);
  const { start, position, resumedFrom } = choice;
  return { kind: 'start', record: { ...record, start }, position, resumedFrom };
}

/** No checkpoint is ahead of what one of them holds: nobody waits for who looks what it can read. */
const holdsAll = (
  members: readonly SeenWorker[],
  { facts }: ClusterView,
  record: GenerationRecord,
): boolean =>
  members.some(
    (seen) =>
      isPausedIn(seen, record) &&
      (seen.status.position?.committedSteps ?? -1) >= facts.reportedSteps,
  );
