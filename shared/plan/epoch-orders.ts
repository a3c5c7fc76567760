/**
 * The order in which each epoch takes the sequences. The order of a large dataset takes seconds to
 * compute, and the step that begins an epoch cannot wait for it: every step of an epoch does a small
 * part of the next one's.
 */
import { Random } from '../random.js';

interface Order {
  readonly sequences: Int32Array;
  readonly random: Random;
  /** Places before and at this one are not final yet. */
  last: number;
}

export class EpochOrders {
  readonly #seed: number;
  readonly #sequences: number;
  /** At most two: an epoch's and the next one's. */
  readonly #orders = new Map<number, Order>();

  constructor(seed: number, sequences: number) {
    this.#seed = seed;
    this.#sequences = sequences;
  }

  /** The epoch's sequences in the order in which its steps take them: a view, to be read only. */
  order(epoch: number): Int32Array {
    for (const known of this.#orders.keys()) {
      if (known !== epoch && known !== epoch + 1) this.#orders.delete(known);
    }
    this.prepare(epoch, this.#sequences);
    return (this.#orders.get(epoch) as Order).sequences;
  }

  /** Brings so many more sequences of the epoch into their places, or all that are left. */
  prepare(epoch: number, count: number): void {
    const order = this.#orders.get(epoch) ?? this.#begin(epoch);
    const last = Math.max(0, order.last - count);
    order.random.shuffle(order.sequences, order.last, last);
    order.last = last;
  }

  #begin(epoch: number): Order {
    const sequences = new Int32Array(this.#sequences);
    for (let index = 0; index < sequences.length; index++) sequences[index] = index;
    const random = Random.for(this.#seed, 'epoch order', epoch);
    const order = { sequences, random, last: sequences.length - 1 };
    this.#orders.set(epoch, order);
    return order;
  }
}
