import type { KV, NatsError } from 'nats';
import type { BusValue, BusValues, Reader } from '../shared/bus.js';
import { asBusError } from './nats-errors.js';

/** JetStream's code for a publication that expected another revision. */
const wrongRevision = 10071;

/** Values in a JetStream key-value bucket. */
export class NatsValues implements BusValues {
  readonly #store: KV;
  readonly #bucket: string;

  constructor(store: KV, bucket: string) {
    this.#store = store;
    this.#bucket = bucket;
  }

  async get(key: string): Promise<BusValue | null> {
    try {
      const found = await this.#store.get(key);
      if (found === null || found.operation !== 'PUT') return null;
      return { data: found.value, revision: found.revision };
    } catch (cause) {
      throw asBusError(cause, `read "${key}" of "${this.#bucket}"`);
    }
  }

  async put(key: string, data: Uint8Array, revision: number): Promise<number | null> {
    try {
      return revision === 0
        ? await this.#store.create(key, data)
        : await this.#store.update(key, data, revision);
    } catch (cause) {
      if (isLate(cause)) return null;
      throw asBusError(cause, `store "${key}" in "${this.#bucket}"`);
    }
  }

  async remove(key: string, revision: number): Promise<boolean> {
    try {
      await this.#store.delete(key, { previousSeq: revision });
      return true;
    } catch (cause) {
      if (isLate(cause)) return false;
      throw asBusError(cause, `remove "${key}" of "${this.#bucket}"`);
    }
  }

  async watch(key: string, handler: (value: BusValue | null) => void): Promise<Reader> {
    const what = `watch "${key}" of "${this.#bucket}"`;
    try {
      if ((await this.get(key)) === null) handler(null);
      const changes = await this.#store.watch({ key });
      const done = (async () => {
        for await (const { operation, revision, value } of changes) {
          handler(operation === 'PUT' ? { data: value, revision } : null);
        }
        return null;
      })();
      return {
        close: () => changes.stop(),
        ended: done.catch((error: unknown) => asBusError(error, what)),
      };
    } catch (cause) {
      throw asBusError(cause, what);
    }
  }
}

const isLate = (error: unknown): boolean =>
  (error as NatsError).api_error?.err_code === wrongRevision;
