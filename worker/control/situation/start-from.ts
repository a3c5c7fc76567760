/** How a member that is paused gets to the start of its generation: it has the state, reads it, or copies it. */
import type {
  GenerationRecord,
  GenerationStart,
} from '../../../shared/membership/generation-record.js';
import { samePosition } from '../../../shared/membership/position.js';
import { type Millis, millis } from '../../../shared/units.js';
import { linkLimit, loadLimit, readyLimit, retryInterval } from './limits.js';
import { type Outcome, to, toPaused, withKnown } from './outcome.js';
import type { Action, WantedState } from './worker-event.js';
import type { Situation, Worker } from './worker-situation.js';

type Paused = Extract<Situation, { kind: 'paused' }>;

export function startFrom(
  worker: Worker,
  situation: Paused,
  record: GenerationRecord,
  now: Millis,
): Outcome | null {
  const { start } = record;
  if (start === null) return null;
  if (isThere(worker, start)) {
    // The links themselves give up first, and name whom they miss.
    const until = millis(now + linkLimit + readyLimit);
    return to(worker, { kind: 'linking', record, until }, [{ kind: 'connect', record }]);
  }
  if (start.kind === 'seed') return load(worker, record, null, now);
  if (start.kind === 'checkpoint' && start.holders.includes(worker.self.worker)) {
    return load(worker, record, start.committedSteps, now);
  }
  const wanted: WantedState =
    start.kind === 'state'
      ? { kind: 'position', position: start.position }
      : { kind: 'checkpoint', committedSteps: start.committedSteps };
  return copy(worker, situation, record, start.holders, wanted, now);
}

/** A state that was loaded or copied for this generation is its start. */
function isThere({ known }: Worker, start: GenerationStart): boolean {
  const { position } = known;
  if (position === null) return false;
  switch (start.kind) {
    case 'seed':
      return position.committedSteps === 0;
    case 'checkpoint':
      return position.committedSteps === start.committedSteps;
    case 'state':
      return samePosition(position, start.position);
  }
}

/** What the thread held is replaced from here on. */
function load(
  worker: Worker,
  { generation }: GenerationRecord,
  committedSteps: number | null,
  now: Millis,
): Outcome {
  const until = millis(now + loadLimit);
  return to(withKnown(worker, { position: null }), { kind: 'loading', generation, until }, [
    { kind: 'load', committedSteps },
  ]);
}

/** Whoever has the state already is linked with it meanwhile, and waits for it however long that takes. */
const preparing = ({ known }: Worker, record: GenerationRecord): readonly Action[] =>
  known.prepared === record.generation ? [] : [{ kind: 'prepare-generation', record }];

function copy(
  worker: Worker,
  { tried }: Paused,
  record: GenerationRecord,
  holders: readonly string[],
  wanted: WantedState,
  now: Millis,
): Outcome {
  const { generation } = record;
  // Whoever begins the same step with the others is asked by few: the highest rank writes no checkpoint.
  const members = record.members
    .filter(({ worker: name }) => name !== worker.self.worker && holders.includes(name))
    .reverse();
  const holder = members.find(({ worker: name }) => !tried.includes(name));
  if (holder === undefined) {
    return toPaused(worker, generation, { retryAt: millis(now + retryInterval) });
  }
  const number = worker.known.copies + 1;
  return to(
    withKnown(worker, { position: null, copies: number, prepared: generation }),
    {
      kind: 'copying',
      generation,
      copy: number,
      holder: holder.worker,
      tried,
      movedAt: now,
    },
    [
      {
        kind: 'copy',
        copy: number,
        generation,
        holder: holder.worker,
        address: holder.address,
        wanted,
      },
      ...preparing(worker, record),
    ],
  );
}
