/**
 * What is going to happen, by the time at which it does. Of two events of one time a seeded draw
 * decides, so that no order of equal times is taken for granted, and each can be had again.
 */
export interface SimEvent {
  readonly time: number;
  readonly tie: number;
  readonly act: () => void;
}

/** A binary heap: the root is next. */
export class EventQueue {
  readonly #heap: SimEvent[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get next(): SimEvent | undefined {
    return this.#heap[0];
  }

  push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as SimEvent;
      if (!isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  pop(): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: SimEvent): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as SimEvent)) child++;
      const below = heap[child] as SimEvent;
      if (!isBefore(below, event)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = event;
  }
}

const isBefore = (a: SimEvent, b: SimEvent): boolean =>
  a.time < b.time || (a.time === b.time && a.tie < b.tie);
