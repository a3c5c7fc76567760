import type { ObjectStore } from 'nats';
import type { BusObjects } from '../shared/bus.js';
import { objectPartBytes } from '../shared/limits.js';
import type { NatsSession } from './nats-session.js';

/**
 * Files in a JetStream object store, each as several objects. The client sends an object without
 * waiting for anything and hands over a received one as fast as it comes, so an object is as much as
 * may be in memory and as must be stored within a request's time; it is also what is sent or asked for
 * again when the server was away. Its own digests are not relied on: readers check theirs.
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
    let count = 0;
    for (let ended = false; !ended; count++) {
      const object = { name: partName(name, count) };
      const part = await nextPart(source);
      ended = part.isLast;
      await this.#session.insist(storing(name), () =>
        this.#store.put(object, ReadableStream.from(part.chunks)),
      );
    }
    await this.#session.insist(storing(name), () => this.#removeFrom(name, count));
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array> | null> {
    const first = await this.#part(name, 0);
    return first === null ? null : this.#parts(name, first);
  }

  async remove(): Promise<void> {
    await this.#session.ask('remove the object store', () => this.#store.destroy());
  }

  async *#parts(name: string, first: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
    let part = 1;
    for (let data: typeof first | null = first; data !== null; part++) {
      yield* data;
      data = await this.#part(name, part);
    }
  }

  #part(name: string, part: number): Promise<readonly Uint8Array[] | null> {
    return this.#session.insist(reading(name), async () => {
      const found = await this.#store.get(partName(name, part));
      return found === null ? null : this.#whole(found.data, found.error);
    });
  }

  async #whole(
    data: ReadableStream<Uint8Array>,
    failure: Promise<Error | null>,
  ): Promise<readonly Uint8Array[]> {
    const reader = data.getReader();
    // What is under way when the connection goes will be asked for again.
    const listening = this.#session.connection.onChange(() => {
      reader.cancel().catch(() => undefined);
    });
    const chunks: Uint8Array[] = [];
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        chunks.push(value);
      }
    } finally {
      listening.close();
    }
    const error = await failure;
    if (error instanceof Error) throw error;
    return chunks;
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

interface Part {
  readonly chunks: readonly Uint8Array[];
  readonly isLast: boolean;
}

/** The next bytes of a source, as many as one object holds; copies, for the source may use its memory again. */
async function nextPart(source: AsyncIterator<Uint8Array>): Promise<Part> {
  const chunks: Uint8Array[] = [];
  for (let bytes = 0; bytes < objectPartBytes; ) {
    const next = await source.next();
    if (next.done === true) return { chunks, isLast: true };
    chunks.push(next.value.slice());
    bytes += next.value.byteLength;
  }
  return { chunks, isLast: false };
}
