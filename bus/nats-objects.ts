import type { ObjectStore } from 'nats';
import type { BusObjects } from '../shared/bus.js';
import { asBusError } from './nats-errors.js';

/** Files in a JetStream object store. Its own digests are not relied on: readers check theirs. */
export class NatsObjects implements BusObjects {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async put(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await this.#store.put({ name }, asReadable(chunks));
    } catch (cause) {
      throw asBusError(cause, `store the object "${name}"`);
    }
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array> | null> {
    try {
      const found = await this.#store.get(name);
      return found === null ? null : withError(found.data, found.error, name);
    } catch (cause) {
      throw asBusError(cause, `read the object "${name}"`);
    }
  }

  async remove(): Promise<void> {
    try {
      await this.#store.destroy();
    } catch (cause) {
      throw asBusError(cause, 'remove the object store');
    }
  }
}

function asReadable(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

async function* withError(
  data: ReadableStream<Uint8Array>,
  error: Promise<Error | null>,
  name: string,
): AsyncIterable<Uint8Array> {
  const reader = data.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    yield value;
  }
  const failure = await error;
  if (failure instanceof Error) throw asBusError(failure, `read the object "${name}"`);
}
