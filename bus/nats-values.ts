import { type KV, type MsgHdrs, StorageType } from 'nats';
import { BusAwayError, type BusValue, type BusValues, type Reader } from '../shared/bus.js';
import { busValueAge } from '../shared/limits.js';
import { isLate, isMissing } from './nats-errors.js';
import { publishStored } from './nats-publish.js';
import { openReader } from './nats-reader.js';
import type { NatsSession } from './nats-session.js';
import { namingGone } from './nats-stream.js';

/** A change of ours of which we do not know whether it was made; without data, a removal. */
interface Unsure {
  readonly revision: number;
  readonly data: Uint8Array | null;
}

export async function openNatsValues(
  session: NatsSession,
  bucket: string,
  replicas: number,
): Promise<BusValues> {
  const options = { history: 1, ttl: busValueAge, storage: StorageType.File, replicas };
  const store = await session.ask(`open the values "${bucket}"`, () =>
    session.jetstream.views.kv(bucket, options),
  );
  return new NatsValues(session, store, bucket);
}

/** Values in a JetStream key-value bucket. */
class NatsValues implements BusValues {
  readonly #session: NatsSession;
  readonly #store: KV;
  readonly #bucket: string;
  readonly #unsure = new Map<string, Unsure>();

  constructor(session: NatsSession, store: KV, bucket: string) {
    this.#session = session;
    this.#store = store;
    this.#bucket = bucket;
  }

  get(key: string): Promise<BusValue | null> {
    return this.#ask(`read "${key}"`, async () => {
      const found = await this.#store.get(key);
      if (found === null || found.operation !== 'PUT') return null;
      return { data: found.value, revision: found.revision };
    });
  }

  put(key: string, data: Uint8Array, revision: number): Promise<number | null> {
    const what = `store "${key}"`;
    return this.#change(what, key, { revision, data }, () =>
      this.#publish(key, data, revision, {}).catch((error: unknown) =>
        revision === 0 ? this.#overRemoval(error, key, data) : Promise.reject(error),
      ),
    );
  }

  async remove(key: string, revision: number): Promise<boolean> {
    const removed = await this.#change(
      `remove "${key}"`,
      key,
      { revision, data: null },
      async () => {
        await this.#publish(key, new Uint8Array(), revision, { 'KV-Operation': 'DEL' });
        return revision;
      },
    );
    return removed !== null;
  }

  async #publish(
    key: string,
    data: Uint8Array,
    revision: number,
    operation: Readonly<Record<string, string>>,
  ): Promise<number> {
    const conditions = { ...operation, 'Nats-Expected-Last-Subject-Sequence': `${revision}` };
    const subject = `$KV.${this.#bucket}.${key}`;
    return (await publishStored(this.#session, { subject, data, conditions })).seq;
  }

  /** What was removed has a message too, which says so and has a revision. */
  async #overRemoval(error: unknown, key: string, data: Uint8Array): Promise<number> {
    const found = isLate(error) ? await this.#newest(key) : null;
    if (found === null || !found.isRemoval) throw error;
    return this.#publish(key, data, found.revision, {});
  }

  /**
   * As the leader of the bucket has it: `get` may be answered by another server of a cluster, which
   * has not heard of the newest change yet.
   */
  async #newest(key: string): Promise<(BusValue & { readonly isRemoval: boolean }) | null> {
    const { streams } = await this.#session.manager();
    const query = { last_by_subj: `$KV.${this.#bucket}.${key}` };
    try {
      const { data, header, seq } = await streams.getMessage(`KV_${this.#bucket}`, query);
      return { data, revision: seq, isRemoval: isRemoval(header) };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** The new revision; null where someone else was faster. */
  async #change(
    what: string,
    key: string,
    change: Unsure,
    work: () => Promise<number>,
  ): Promise<number | null> {
    const before = this.#unsure.get(key);
    try {
      const revision = await this.#ask(what, () => work().catch(nullIfLate));
      const mayBeDone = revision === null && before !== undefined && isSame(before, change);
      const found = mayBeDone ? await this.#isDone(key, change) : revision;
      this.#unsure.delete(key);
      return found;
    } catch (error) {
      if (error instanceof BusAwayError) this.#unsure.set(key, change);
      throw error;
    }
  }

  async #isDone(key: string, { data, revision }: Unsure): Promise<number | null> {
    const found = await this.#ask(`read "${key}"`, () => this.#newest(key));
    if (data === null) return found === null || found.isRemoval ? revision : null;
    const isOurs = found !== null && !found.isRemoval && areEqual(found.data, data);
    return isOurs ? found.revision : null;
  }

  /** Keys are subjects of a stream; the newest message of one is what its value is. */
  watch(key: string, handler: (value: BusValue | null) => void): Promise<Reader> {
    let isNone: boolean | null = null;
    const handNone = (): void => {
      if (isNone !== true) handler(null);
      isNone = true;
    };
    return openReader({
      session: this.#session,
      stream: `KV_${this.#bucket}`,
      what: `watch "${key}" of "${this.#bucket}"`,
      filters: [`$KV.${this.#bucket}.${key}`],
      from: 'newest',
      complete: false,
      handler: ({ data, headers, seq }) => {
        if (headers !== undefined && isRemoval(headers)) return handNone();
        isNone = false;
        handler({ data, revision: seq });
      },
      onBegin: (waiting) => {
        if (waiting === 0) handNone();
      },
    });
  }

  #ask<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    const whole = `${what} of "${this.#bucket}"`;
    return namingGone(this.#session, `KV_${this.#bucket}`, whole, work);
  }
}

const isRemoval = (headers: MsgHdrs): boolean =>
  ['DEL', 'PURGE'].includes(headers.get('KV-Operation'));

function nullIfLate(error: unknown): null {
  if (isLate(error)) return null;
  throw error;
}

const areEqual = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

const isSame = (one: Unsure, other: Unsure): boolean =>
  one.revision === other.revision &&
  (one.data === null || other.data === null
    ? one.data === other.data
    : areEqual(one.data, other.data));
