/** Makes the record of a generation: ranks by the order of names, lanes by rank. */
import { generation, type WorkerId } from '../../../shared/ids.js';
import type { GenerationMember } from '../../../shared/membership/generation-record.js';
import type { Millis } from '../../../shared/units.js';
import type { ClusterView, SeenWorker, WorkersWanted } from '../cluster-view.js';
import type { Gone } from '../judge-members.js';
import type { Cause, Form } from '../membership-decision.js';
import { compareNames, mostOf } from '../who-is-there.js';
import { sharesBySpeed, sharesEvenly } from './deal-lanes.js';

export interface FormParts {
  readonly view: ClusterView;
  readonly wanted: WorkersWanted;
  readonly members: readonly SeenWorker[];
  readonly planned: boolean;
  readonly reason: string;
  readonly cause: Cause;
  readonly workers?: readonly WorkerId[];
  readonly lost?: readonly Gone[] | null;
  readonly leaveOut?: readonly WorkerId[];
  /** Who leave and are followed by nobody: one of them writes down what they hold. */
  readonly last?: readonly SeenWorker[];
}

export function form(parts: FormParts): Form {
  const { view, wanted, planned, reason, cause, lost = null, leaveOut = [] } = parts;
  const members = [...parts.members]
    .sort((a, b) => compareNames(a.worker, b.worker))
    .slice(0, mostOf(wanted));
  const counts =
    members.length > 0 && wanted.shares === 'speed'
      ? sharesBySpeed(
          members.map(({ status }) => status.speed),
          wanted.lanes,
        )
      : sharesEvenly(Math.max(1, members.length), wanted.lanes);
  const able = members.length === 0 ? (parts.last ?? []) : members;
  const writer = able.find(({ worker }) => worker === view.record?.writer) ?? able[0];
  return {
    kind: 'form',
    record: {
      generation: generation(newestGeneration(view) + 1),
      planned,
      reason: reason.slice(0, 512),
      members: members.map(({ worker, status }, rank): GenerationMember => {
        const { incarnation, address } = status;
        return { worker, incarnation, address, lanes: counts[rank] as number };
      }),
      writer: writer?.worker ?? null,
      start: null,
    },
    cause,
    workers: parts.workers ?? (lost ?? []).map(({ worker }) => worker),
    since: lost === null || lost.length === 0 ? null : least(lost.map(({ since }) => since)),
    breaks: [],
    leaveOut,
    dealt: false,
  };
}

/** Of all that anybody has heard of: where the store was lost, its numbers must not begin again. */
const newestGeneration = ({ record, workers }: ClusterView): number =>
  Math.max(
    record?.generation ?? 0,
    ...[...workers.values()].map(({ status }) => status.generation ?? 0),
  );

const least = (times: readonly Millis[]): Millis => Math.min(...times) as Millis;
