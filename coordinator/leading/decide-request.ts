/** Decides what becomes of an operator's request: the entry that says it. Reads no clock. */
import type { OperatorRequest } from '../../shared/messages/cluster/control.js';
import type { OperatorEvent } from '../../shared/messages/run-events.js';
import type { RunState } from '../record/run-state.js';

export interface RunSeen {
  readonly state: Pick<
    RunState,
    'hasTrained' | 'recordedSteps' | 'paused' | 'stopping' | 'checkpoint' | 'draining'
  >;
  /** Steps before this one may be trained by whoever has read their plans. */
  readonly publishedSteps: number;
  /** Null where the run only evaluates. */
  readonly totalSteps: number | null;
  /** The run trains with no fewer. */
  readonly least: number;
  /** Those that live, members or not. */
  readonly workers: readonly {
    readonly worker: string;
    readonly incarnation: string;
    readonly isMember: boolean;
    /** Asked to end already. */
    readonly leaves: boolean;
  }[];
}

type Decided =
  | OperatorEvent
  /** Nothing is changed. */
  | { readonly kind: 'refused'; readonly reason: string };

export function decideRequest(request: OperatorRequest, seen: RunSeen): OperatorEvent {
  const { by, id, kind } = request;
  const decided = decide(request, seen);
  return decided.kind === 'refused'
    ? { kind: 'refused-request', by, id, request: kind, reason: decided.reason }
    : decided;
}

const refused = (reason: string): Decided => ({ kind: 'refused', reason });

function decide(request: OperatorRequest, seen: RunSeen): Decided {
  const { by, id } = request;
  switch (request.kind) {
    case 'pause':
      return pause({ by, id }, seen);
    case 'go-on':
      return { kind: 'went-on', by, id };
    case 'checkpoint':
      return checkpoint({ by, id }, seen);
    case 'drain':
      return drain(request, seen);
  }
}

type Asked = Pick<OperatorRequest, 'by' | 'id'>;

function pause(asked: Asked, { publishedSteps, state, totalSteps }: RunSeen): Decided {
  if (state.stopping) return refused('the run is being stopped');
  if (totalSteps === null) return refused('the run only evaluates');
  if (!state.hasTrained) return refused('training has not begun');
  // Who is paused already stands where the first one said.
  const standsAt = state.paused?.standsAt ?? publishedSteps;
  if (standsAt >= totalSteps) {
    return refused(
      `the plans of its last steps are out: it has committed ${state.recordedSteps} of ${totalSteps}`,
    );
  }
  return { kind: 'paused', ...asked, committedSteps: state.recordedSteps, standsAt };
}

function checkpoint(asked: Asked, { state, totalSteps }: RunSeen): Decided {
  const { checkpoint: newest, recordedSteps } = state;
  if (totalSteps === null) return refused('the run only evaluates');
  if (recordedSteps === 0) return refused('no step is committed yet');
  const isThere = newest !== null && newest.committedSteps >= recordedSteps;
  return isThere
    ? { kind: 'asked-checkpoint', ...asked, steps: newest.committedSteps, path: newest.path }
    : { kind: 'asked-checkpoint', ...asked, steps: recordedSteps, path: null };
}

function drain(
  { by, id, worker: name }: Extract<OperatorRequest, { kind: 'drain' }>,
  { least, state, workers }: RunSeen,
): Decided {
  if (state.stopping) return refused('the run is being stopped: all of its workers end');
  const worker = workers.find((one) => one.worker === name);
  if (worker === undefined) {
    const names = workers.map((one) => one.worker).sort();
    return refused(
      `no worker of the name "${name}" lives: ` +
        (names.length === 0 ? 'there is none' : `there are ${names.slice(0, 8).join(', ')}`),
    );
  }
  const left = workers.filter((one) => one !== worker && !one.leaves).length;
  if (!worker.leaves && left < least) {
    return refused(
      `${left} of at least ${least} ${least === 1 ? 'worker' : 'workers'} would be left`,
    );
  }
  const { incarnation, isMember } = worker;
  return { kind: 'draining', by, id, worker: name, incarnation, isMember };
}
