/**
 * Decides who trains, and from where. It looks at what is, never at what has just happened: asked
 * again with the same view it says the same, so a message that is lost or doubled costs time only.
 * Reads no clock and opens no socket.
 */
import type { Millis } from '../../shared/units.js';
import { form } from './changes/form-generation.js';
import { begin, goOnWithout, mendLinks } from './changes/lose-members.js';
import { changeAtOnce, grow, leave } from './changes/plan-change.js';
import { tryToStart } from './changes/start-generation.js';
import type { ClusterView, WorkersWanted } from './cluster-view.js';
import { findLate } from './find-late.js';
import { judgeMembers } from './judge-members.js';
import { firstPatience } from './limits.js';
import { type MembershipDecision, nothing } from './membership-decision.js';
import { membersOf, orphans, standingBy, unheardOf } from './who-is-there.js';

export function decideMembership(
  now: Millis,
  view: ClusterView,
  wanted: WorkersWanted,
): MembershipDecision {
  const { record } = view;
  const standing = standingBy(now, view);
  if (record === null) {
    return begin(now, view, wanted, [...orphans(now, view), ...standing], firstPatience, null);
  }
  const { gone, toPing, broken, left } = judgeMembers(now, view);
  const unheard = unheardOf(view, record, gone);
  if (unheard.length > 0) return nothing(`not heard yet: ${unheard.join(', ')}`);
  const late = findLate(now, view).filter(
    ({ worker }) => !gone.some((one) => one.worker === worker),
  );
  // Where all are late nobody is to blame: they try once more together.
  const lateOut = late.length + gone.length < record.members.length ? late : [];
  if (gone.length > 0 || lateOut.length > 0) {
    const lost = [...gone, ...lateOut.map((one) => ({ ...one, since: now }))];
    const leaveOut = lateOut.map(({ worker }) => worker);
    return goOnWithout(now, view, wanted, standing, lost, leaveOut);
  }
  if (toPing.length > 0) return { kind: 'ping', suspects: toPing };
  if (broken.length > 0) return mendLinks(now, view, record, wanted, broken);
  if (late.length > 0 || left.length > 0) {
    const whoLeft = left.map((worker) => `${worker} has left the generation`);
    const reason = [...late.map((one) => one.reason), ...whoLeft].join(', ');
    return form({
      view,
      wanted,
      members: membersOf(view, record),
      planned: false,
      reason,
      cause: 'link',
    });
  }
  return (
    leave(view, record, wanted, standing) ??
    changeAtOnce(view, record, wanted) ??
    (record.start === null
      ? tryToStart(now, view, record, wanted, standing)
      : grow(now, view, record, wanted, standing))
  );
}
