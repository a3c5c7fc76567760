import type { KV, NatsError } from 'nats';
import type { BusValue, BusValues } from '../shared/bus.js';
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
}

const isLate = (error: unknown): boolean =>
  (error as NatsError).api_error?.err_code === wrongRevision;
