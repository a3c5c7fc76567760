/** Entries of the log and words of the lead, made of what a leader has. */
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Position } from '../../../shared/membership/position.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { Happening } from '../../../shared/messages/cluster/log-entry.js';
import type { RunEnd } from '../../record/run-state.js';

/** @param position where it starts; null while it forms */
export function generationEntry(
  record: GenerationRecord,
  position: Position | null,
  resumedFrom: string | null,
): Happening {
  const { generation, planned, reason, members, writer } = record;
  return {
    kind: 'generation',
    generation,
    planned,
    reason,
    members: members.map(({ worker, lanes }) => ({ worker, lanes })),
    writer,
    position,
    resumedFrom,
  };
}

export function overOf(end: RunEnd | null): Lead['over'] {
  if (end === null) return null;
  if (end.kind === 'failed') return { kind: 'failed', reason: `${end.code}: ${end.message}` };
  const { stopped, committedSteps } = end.result;
  return { kind: stopped ? 'stopped' : 'finished', reason: `after step ${committedSteps}` };
}
