import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { Millis } from '../../../shared/units.js';
import { staleWords } from './limits.js';
import { type Outcome, of, withKnown } from './outcome.js';
import type { Worker } from './worker-situation.js';

/** The word of a deposed leader is not heard: the worker goes on as if it were silent. */
export function hearLead(worker: Worker, lead: Lead, now: Millis): Outcome {
  if (lead.fence < worker.known.fence) return of(worker);
  const heard = withKnown(worker, {
    fence: lead.fence,
    newest: newer(worker.known.newest, lead.generation),
    heardAt: now,
    checkpointSteps: lead.checkpointSteps,
    over: lead.over,
    stopping: lead.stopping || worker.known.stopping,
    paused: lead.paused,
    checkpointWish: lead.checkpointWish,
    leavingSince: worker.known.leavingSince ?? (drains(worker, lead) ? now : null),
  });
  return of(heard, confirmed(heard, lead, now));
}

/** This process is meant, and no other one of its name. */
const drains = ({ self }: Worker, { draining }: Lead): boolean =>
  draining.some(
    ({ worker, incarnation }) => worker === self.worker && incarnation === self.incarnation,
  );

/** What came out of order takes nothing back: neither a generation nor its start. */
function newer(
  known: GenerationRecord | null,
  heard: GenerationRecord | null,
): GenerationRecord | null {
  if (known === null || heard === null) return known ?? heard;
  if (heard.generation !== known.generation) {
    return heard.generation > known.generation ? heard : known;
  }
  return heard.fence < known.fence || (heard.start === null && known.start !== null)
    ? known
    : heard;
}

/** While its generation is the newest, or gives way to the next in order, it may publish. */
function confirmed({ situation, known }: Worker, lead: Lead, now: Millis): Outcome['actions'] {
  if (situation.kind !== 'training') return [];
  if (known.wokeAt !== null && now - known.wokeAt < staleWords) return [];
  const { generation } = situation.record;
  const isCurrent = lead.generation?.generation === generation;
  return isCurrent || situation.change === known.newest?.generation
    ? [{ kind: 'renew-permit', generation, fence: known.fence }]
    : [];
}
