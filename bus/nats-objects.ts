import type { ObjectStore } from 'nats';
import type { BusObjects } from '../shared/bus.js';
import { objectPartBytes } from '../shared/limits.js';
import type { NatsSession } from './nats-session.js';

/**
 * Files in a JetStream object store, each as several objects. The client sends an object without
 * waiting for anything and hands over a received one as fast as it comes, so an object is as much as
 * may be in memory and as must be stored within a request's time. Its own digests are not relied on:
 * readers check theirs.
 */
export class NatsObjects implements BusObjects {
  readonly #session: NatsSession;
  readonly #store: ObjectStore;

  constructor(session: NatsSession, store: ObjectStore) {
    this.#session = session;
    this.#store = store;
  }

  async put(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const source = chunks[Symbol.asyncIterator]();
    let part = 0;
    for (let ended = false; !ended; part++) {
      const object = { name: partName(name, part) };
      const data = readPart(source, () => {
        ended = true;
      });
      await this.#session.ask(storing(name), () => this.#store.put(object, data));
    }
    await this.#session.ask(storing(name), () => this.#removeFrom(name, part));
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array> | null> {
    const first = await this.#part(name, 0);
    return first === null ? null : this.#parts(name, first);
  }

  async remove(): Promise<void> {
    await this.#session.ask('remove the object store', () => this.#store.destroy());
  }

  async *#parts(name: string, first: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    let part = 1;
    for (let data: typeof first | null = first; data !== null; part++) {
      yield* data;
      data = await this.#part(name, part);
    }
  }

  async #part(name: string, part: number): Promise<AsyncIterable<Uint8Array> | null> {
    const found = await this.#session.ask(reading(name), () =>
      this.#store.get(partName(name, part)),
    );
    return found === null ? null : withError(this.#session, found.data, found.error, name);
  }

  /** A longer object of the name was there before: its end must not follow this one's. */
  async #removeFrom(name: string, first: number): Promise<void> {
    for (let part = first; ; part++) {
      const found = await this.#store.info(partName(name, part));
      if (found === null || found.deleted) return;
      await this.#store.delete(partName(name, part));
    }
  }
}

const storing = (name: string): string => `store the object "${name}"`;
const reading = (name: string): string => `read the object "${name}"`;

const partName = (name: string, part: number): string => `${name}.part-${part}`;

/** The next bytes of a source, as many as one object holds. */
function readPart(
  source: AsyncIterator<Uint8Array>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      const next = bytes < objectPartBytes ? await source.next() : null;
      if (next?.done === true) onEnd();
      if (next === null || next.done === true) return controller.close();
      bytes += next.value.byteLength;
      controller.enqueue(next.value);
    },
  });
}

async function* withError(
  session: NatsSession,
  data: ReadableStream<Uint8Array>,
  error: Promise<Error | null>,
  name: string,
): AsyncIterable<Uint8Array> {
  const reader = data.getReader();
  try {
    for (;;) {
      const { done, value } = await session.ask(reading(name), () => reader.read());
      if (done) break;
      yield value;
    }
  } finally {
    // Who stops early wants no more of it: the subscription ends.
    await reader.cancel().catch(() => undefined);
  }
  const failure = await error;
  if (failure instanceof Error) throw session.error(failure, reading(name));
}
