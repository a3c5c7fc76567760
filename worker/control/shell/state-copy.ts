/**
 * A state on its way from a member: a holder offers it, the thread makes room, the links fill it, and
 * the thread takes it. What was begun and is not wanted any more is forgotten wherever it stands.
 */
import type { Position } from '../../../shared/membership/position.js';
import type { StateVectors } from '../../state/host-state.js';
import type { FromTraining, ToTraining } from '../../training/messages.js';
import type { Action, WorkerEvent } from '../situation/worker-event.js';
import type { StateOffer, WorkerLinks } from './worker-parts.js';

type CopyAction = Extract<Action, { kind: 'copy' }>;
type Room = Extract<FromTraining, { kind: 'copying' }>;

export interface StateCopyParts {
  readonly links: WorkerLinks;
  readonly post: (message: ToTraining) => void;
  readonly hear: (event: WorkerEvent) => void;
}

interface Running {
  readonly copy: number;
  readonly stop: AbortController;
  /** The links are done: the thread takes what they brought. */
  isFilled: boolean;
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

  begin({ copy, address, wanted }: CopyAction): void {
    const { hear, links, post } = this.#parts;
    const running: Running = { copy, stop: new AbortController(), isFilled: false };
    this.#running = running;
    const isWanted = (): boolean => this.#running === running;
    const onBytes = (): void => {
      if (isWanted()) hear({ kind: 'copy-moved', copy });
    };
    const room = (offer: StateOffer): Promise<StateVectors> => this.#askForRoom(running, offer);
    links.copy({ address, wanted, room, onBytes, signal: running.stop.signal }).then(
      ({ position, header }) => {
        if (!isWanted()) return;
        running.isFilled = true;
        hear({ kind: 'copy-moved', copy });
        post({ kind: 'copy-end', position, header });
      },
      (error: Error & { code?: unknown }) => {
        if (!isWanted()) return;
        this.#running = null;
        const early = error.code === absentCode;
        hear({ kind: 'copy-failed', copy, early, detail: error.message });
      },
    );
  }

  cancel(copy: number): void {
    if (this.#running?.copy !== copy) return;
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
    if (running === null || !running.isFilled) return false;
    this.#running = null;
    this.#parts.hear({ kind: 'copied', copy: running.copy, position });
    return true;
  }

  #askForRoom(running: Running, { position, header }: StateOffer): Promise<StateVectors> {
    if (this.#running !== running) return Promise.reject(new Error('Nobody wants this copy'));
    return new Promise((resolve) => {
      this.#rooms.push(resolve);
      this.#parts.post({ kind: 'copy-begin', position, header });
    });
  }
}
