import type { JetStreamManager, NatsConnection } from 'nats';
import type { BusStream, Handler, Subscription } from '../shared/bus.js';
import { busRequestTimeout } from '../shared/limits.js';
import { asBusError } from './nats-errors.js';

/** Messages that the client asks for ahead of handling them; the plan's own bound is far lower. */
const pulledAhead = 256;

/** A JetStream stream with file storage. */
export class NatsStream implements BusStream {
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #name: string;

  constructor(connection: NatsConnection, manager: JetStreamManager, name: string) {
    this.#connection = connection;
    this.#manager = manager;
    this.#name = name;
  }

  async publish(subject: string, data: Uint8Array, id: string): Promise<'stored' | 'repeated'> {
    try {
      const { duplicate } = await this.#connection
        .jetstream({ timeout: busRequestTimeout })
        .publish(subject, data, { msgID: id });
      return duplicate ? 'repeated' : 'stored';
    } catch (cause) {
      throw asBusError(cause, `store "${subject}"`);
    }
  }

  /** An ordered consumer: it starts at the oldest message, and after a gap where it was. */
  async read(filters: readonly string[], handler: Handler): Promise<Subscription> {
    try {
      const consumer = await this.#connection
        .jetstream({ timeout: busRequestTimeout })
        .consumers.get(this.#name, { filterSubjects: [...filters] });
      const messages = await consumer.consume({
        max_messages: pulledAhead,
        callback: (message) => handler(message.data, message.subject),
      });
      return { close: () => void messages.close().catch(() => undefined) };
    } catch (cause) {
      throw asBusError(cause, `read the stream "${this.#name}"`);
    }
  }

  async purge(filter: string): Promise<number> {
    try {
      return (await this.#manager.streams.purge(this.#name, { filter })).purged;
    } catch (cause) {
      throw asBusError(cause, `purge "${filter}"`);
    }
  }

  async remove(): Promise<void> {
    try {
      await this.#manager.streams.delete(this.#name);
    } catch (cause) {
      throw asBusError(cause, `remove the stream "${this.#name}"`);
    }
  }
}
