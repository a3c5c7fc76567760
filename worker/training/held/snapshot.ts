/**
 * A copy of the state for a member that joins while training goes on: it costs this member one copy in
 * memory, and stays as it is however long the links take to send it.
 */
import { openArithmetic } from '../../arithmetic/open-arithmetic.js';
import { HostState } from '../../state/host-state.js';
import { stateSections } from '../../state/training-state.js';
import type { FromTraining } from '../messages.js';
import type { Held } from './held.js';

export class Snapshot {
  readonly #tell: (message: FromTraining) => void;
  readonly #arithmetic = openArithmetic();
  #wanted: number | null = null;
  #kept: { readonly id: number; readonly state: HostState } | null = null;

  constructor(tell: (message: FromTraining) => void) {
    this.#tell = tell;
  }

  /** Replaces the one before. @param held null where it is not known to be whole: taken later */
  want(id: number, held: Held | null): void {
    this.#wanted = id;
    if (held !== null) this.take(held);
  }

  /** Called where the state is whole. */
  take(held: Held): void {
    const id = this.#wanted;
    if (id === null) return;
    this.#wanted = null;
    const { position, header, sections } = held.shared;
    const state = this.#memoryLike(held.current.state);
    for (const section of stateSections) this.#arithmetic.copy(state[section], sections[section]);
    this.#kept = { id, state };
    const { parameters, firstMoments, secondMoments } = state;
    this.#tell({
      kind: 'snapshot',
      id,
      position,
      header,
      sections: { parameters, firstMoments, secondMoments },
    });
  }

  /** The memory is given back; a wish that was not fulfilled yet is forgotten. */
  release(id: number): void {
    if (this.#wanted === id) this.#wanted = null;
    if (this.#kept?.id === id) this.#kept = null;
  }

  #memoryLike({ layout }: HostState): HostState {
    const kept = this.#kept?.state;
    const fits =
      kept?.layout.length === layout.length && kept.layout.trainedLength === layout.trainedLength;
    return fits ? kept : HostState.zeros(layout);
  }
}
