/** Entries of the log and words of the lead, made of what a leader has. */
import type {
  GenerationRecord,
  GenerationStart,
} from '../../../shared/membership/generation-record.js';
import { firstPosition, type Position } from '../../../shared/membership/position.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { Happening } from '../../../shared/messages/cluster/log-entry.js';
import type { RunEnd, RunState } from '../../record/run-state.js';

/** @param position where it starts; null while it forms */
export function generationEntry(
  record: GenerationRecord,
  position: Position | null,
  resumedFrom: string | null,
): Extract<Happening, { kind: 'generation' }> {
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

/**
 * The start that a leader wrote and was killed before it stood in the log: members may have heard it and
 * train on. Null where the log knows the record's start, or there is none; and where it does not know that the
 * generation was formed, which stands in it before any start is written: that record is another log's.
 */
export function unloggedStart(
  state: RunState,
  record: GenerationRecord | null,
): Extract<Happening, { kind: 'generation' }> | null {
  if (record === null || record.start === null || state.end !== null) return null;
  const { generation, start } = record;
  const formed = state.generations.find((one) => one.generation === generation);
  if (formed === undefined || formed.started) return null;
  const position = positionOf(start);
  const { checkpoint } = state;
  const isFound =
    start.kind === 'checkpoint' && checkpoint?.committedSteps === position.committedSteps;
  return generationEntry(record, position, isFound ? checkpoint.path : null);
}

function positionOf(start: GenerationStart): Position {
  switch (start.kind) {
    case 'seed':
      return firstPosition;
    case 'checkpoint':
      return { ...firstPosition, committedSteps: start.committedSteps };
    case 'state':
      return start.position;
  }
}

export function overOf(end: RunEnd | null): Lead['over'] {
  if (end === null) return null;
  if (end.kind === 'failed') return { kind: 'failed', reason: `${end.code}: ${end.message}` };
  const { stopped, committedSteps } = end.result;
  return { kind: stopped ? 'stopped' : 'finished', reason: `after step ${committedSteps}` };
}
