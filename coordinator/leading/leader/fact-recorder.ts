/** Turns what workers report into entries of the log, each fact once, whoever says it how often. */
import type { WorkerId } from '../../../shared/ids.js';
import type { WorkerReport } from '../../../shared/messages/cluster/from-worker.js';
import type { Happening } from '../../../shared/messages/cluster/log-entry.js';
import type { Place, SafeWhen } from '../../record/report-inbox.js';
import { collapsesOf, type RunState } from '../../record/run-state.js';

type Fact = Extract<
  WorkerReport,
  { kind: 'checkpointed' | 'validated' | 'rolled-back' | 'evaluated' | 'notice' }
>;

export interface FactRecorderParts {
  /** The run as it will be when everything that was appended is stored. */
  readonly state: () => RunState;
  /** @returns the sequence that the entry will have. */
  readonly append: (entry: Happening) => number;
}

interface Deferred {
  readonly worker: WorkerId;
  readonly fact: Fact;
  readonly place: Place;
}

/** Notices of which a repetition is told from a second one. */
const noticesKept = 64;

export class FactRecorder {
  readonly #parts: FactRecorderParts;
  #deferred: Deferred[] = [];
  readonly #notices = new Map<string, Place>();

  constructor(parts: FactRecorderParts) {
    this.#parts = parts;
  }

  take(worker: WorkerId, fact: Fact): SafeWhen {
    const place: Place = { sequence: null };
    this.#deferred.push({ worker, fact, place });
    this.recordDue();
    return { kind: 'stored', place };
  }

  /** Records what waited for its step. */
  recordDue(): void {
    const waiting = this.#deferred;
    this.#deferred = [];
    for (const one of waiting) {
      if (stepsBefore(one.fact) > this.#parts.state().recordedSteps) this.#deferred.push(one);
      else this.#record(one);
    }
  }

  #record({ worker, fact, place }: Deferred): void {
    const known = fact.kind === 'notice' ? this.#notices.get(`${worker} ${fact.text}`) : undefined;
    if (known !== undefined) place.sequence = known.sequence;
    // What stands in the log already is as safe as its neighbours.
    else if (isKnown(this.#parts.state(), fact)) place.sequence = 0;
    else place.sequence = this.#parts.append(entryOf(worker, fact));
    if (fact.kind === 'notice') this.#remember(`${worker} ${fact.text}`, place);
  }

  #remember(notice: string, place: Place): void {
    this.#notices.set(notice, place);
    const [oldest] = this.#notices.keys();
    if (this.#notices.size > noticesKept && oldest !== undefined) this.#notices.delete(oldest);
  }
}

/** Steps that stand before the fact in the log. */
const stepsBefore = (fact: Fact): number => (fact.kind === 'notice' ? 0 : fact.committedSteps);

function isKnown(state: RunState, fact: Fact): boolean {
  switch (fact.kind) {
    case 'notice':
      return false;
    case 'checkpointed':
      return (
        state.checkpoint?.committedSteps === fact.committedSteps &&
        state.checkpoint.path === fact.path
      );
    case 'validated':
      return fact.committedSteps <= state.validatedSteps;
    case 'rolled-back':
      return fact.collapses <= collapsesOf(state);
    case 'evaluated':
      return state.evaluated?.committedSteps === fact.committedSteps;
  }
}

const entryOf = (worker: WorkerId, fact: Fact): Happening =>
  fact.kind === 'checkpointed' ? { ...fact, worker } : fact;
