/**
 * A state on its way from a member: a holder offers it, the thread makes room, the links fill it, and
 * the thread takes it. What was begun and is not wanted any more is forgotten wherever it stands.
 *
 * Where it is known that a state will be copied, and not yet which, it is begun with the one that the
 * holder offers next. Once it is known, that one is taken if it is the same.
 */
import { type Position, samePosition } from '../../../shared/membership/position.js';
import type { StateVectors } from '../../state/host-state.js';
import type { FromTraining, ToTraining } from '../../training/messages.js';
import type { Action, WantedState, WorkerEvent } from '../situation/worker-event.js';
import type { StateOffer, WorkerLinks } from './worker-parts.js';

type CopyAction = Extract<Action, { kind: 'copy' }>;
type Room = Extract<FromTraining, { kind: 'copying' }>;

export interface StateCopyParts {
  readonly links: WorkerLinks;
  readonly post: (message: ToTraining) => void;
  readonly hear: (event: WorkerEvent) => void;
}

interface Running {
  readonly address: string;
  /** It was begun with whatever the holder offers next. */
  readonly isAhead: boolean;
  /** Null while nobody has asked for it. */
  action: CopyAction | null;
  readonly stop: AbortController;
  /** What the links have brought. */
  filled: StateOffer | null;
  /** The thread takes it. */
  isTaken: boolean;
}

/** Of the error of a holder that has nothing yet. */
const absentCode = 'STATE_ABSENT';

export class StateCopy {
  readonly #parts: StateCopyParts;
  #running: Running | null = null;
  /** Rooms that the thread was asked for and has not made, in order. */
  readonly #rooms: ((sections: StateVectors) => void)[] = [];

  constructor(parts: StateCopyParts) {
    this.#parts = parts;
  }

  /** A state of this holder will be wanted, the one that it offers next most likely. */
  prepare(address: string): void {
    if (this.#running === null) this.#start(address, { kind: 'next' }, null);
  }

  /** Nobody will ask for what was prepared. */
  forget(): void {
    if (this.#running?.action !== null) return;
    this.#running.stop.abort();
    this.#running = null;
  }

  begin(action: CopyAction): void {
    const running = this.#running;
    if (running?.action === null && running.address === action.address) {
      running.action = action;
      this.#parts.hear({ kind: 'copy-moved', copy: action.copy });
      if (running.filled !== null) this.#take(running, action, running.filled);
      return;
    }
    this.forget();
    this.#start(action.address, action.wanted, action);
  }

  cancel(copy: number): void {
    if (this.#running?.action?.copy !== copy) return;
    this.#running.stop.abort();
    this.#running = null;
  }

  /** The thread has made room. */
  room({ sections }: Room): void {
    this.#rooms.shift()?.(sections);
  }

  /** The thread holds a state; true where it is the one that was copied. */
  holds(position: Position): boolean {
    const running = this.#running;
    if (running === null || !running.isTaken || running.action === null) return false;
    this.#running = null;
    this.#parts.hear({ kind: 'copied', copy: running.action.copy, position });
    return true;
  }

  #start(address: string, wanted: WantedState | { kind: 'next' }, action: CopyAction | null): void {
    const stop = new AbortController();
    const isAhead = action === null;
    const running: Running = { address, isAhead, action, stop, filled: null, isTaken: false };
    this.#running = running;
    const isWanted = (): boolean => this.#running === running;
    const onBytes = (): void => {
      if (isWanted()) this.#moved(running);
    };
    const room = (offer: StateOffer): Promise<StateVectors> => this.#askForRoom(running, offer);
    this.#parts.links.copy({ address, wanted, room, onBytes, signal: stop.signal }).then(
      ({ position, header }) => {
        if (!isWanted()) return;
        const filled = { position, header };
        running.filled = filled;
        this.#moved(running);
        if (running.action !== null) this.#take(running, running.action, filled);
      },
      (error: Error & { code?: unknown }) => {
        if (isWanted()) this.#failed(running, error);
      },
    );
  }

  #moved({ action }: Running): void {
    if (action !== null) this.#parts.hear({ kind: 'copy-moved', copy: action.copy });
  }

  #take(running: Running, action: CopyAction, { header, position }: StateOffer): void {
    if (!isWantedBy(action, position)) this.#start(action.address, action.wanted, action);
    else {
      running.isTaken = true;
      this.#parts.post({ kind: 'copy-end', position, header });
    }
  }

  #failed({ action, isAhead }: Running, error: Error & { code?: unknown }): void {
    this.#running = null;
    if (action === null) return;
    // What was begun ahead fails of things that are over: it is asked for by its name now.
    if (isAhead) {
      this.#start(action.address, action.wanted, action);
      return;
    }
    const early = error.code === absentCode;
    this.#parts.hear({ kind: 'copy-failed', copy: action.copy, early, detail: error.message });
  }

  #askForRoom(running: Running, { position, header }: StateOffer): Promise<StateVectors> {
    if (this.#running !== running) return Promise.reject(new Error('Nobody wants this copy'));
    return new Promise((resolve) => {
      this.#rooms.push(resolve);
      this.#parts.post({ kind: 'copy-begin', position, header });
    });
  }
}

const isWantedBy = ({ wanted }: CopyAction, position: Position): boolean =>
  wanted.kind === 'position'
    ? samePosition(wanted.position, position)
    : wanted.committedSteps === position.committedSteps;
