import type { JetStreamManager, NatsConnection, NatsError } from 'nats';
import type { BusLog, LogHandler, Reader } from '../shared/bus.js';
import { busRequestTimeout } from '../shared/limits.js';
import { asBusError } from './nats-errors.js';

/** JetStream's code for a publication that expected another end of the stream. */
const wrongEnd = 10071;

const pulledAhead = 256;

/** A JetStream stream with one subject, to which entries are added behind an expected end. */
export class NatsLog implements BusLog {
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #name: string;
  readonly #subject: string;

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    name: string,
    subject: string,
  ) {
    this.#connection = connection;
    this.#manager = manager;
    this.#name = name;
    this.#subject = subject;
  }

  async append(data: Uint8Array, after: number): Promise<number | null> {
    try {
      const stored = await this.#connection
        .jetstream({ timeout: busRequestTimeout })
        .publish(this.#subject, data, { expect: { lastSequence: after } });
      return stored.seq;
    } catch (cause) {
      if ((cause as NatsError).api_error?.err_code === wrongEnd) return null;
      throw asBusError(cause, `append to the log "${this.#name}"`);
    }
  }

  async read(from: number, handler: LogHandler): Promise<Reader> {
    const what = `read the log "${this.#name}"`;
    try {
      const consumer = await this.#connection
        .jetstream({ timeout: busRequestTimeout })
        .consumers.get(this.#name, { opt_start_seq: from });
      const messages = await consumer.consume({
        max_messages: pulledAhead,
        callback: (message) => handler(message.data, message.seq),
      });
      return {
        close: () => void messages.close().catch(() => undefined),
        ended: messages
          .closed()
          .then((error) => (error instanceof Error ? asBusError(error, what) : null)),
      };
    } catch (cause) {
      throw asBusError(cause, what);
    }
  }

  async last(): Promise<number> {
    try {
      return (await this.#manager.streams.info(this.#name)).state.last_seq;
    } catch (cause) {
      throw asBusError(cause, `read the log "${this.#name}"`);
    }
  }

  async remove(): Promise<void> {
    try {
      await this.#manager.streams.delete(this.#name);
    } catch (cause) {
      throw asBusError(cause, `remove the log "${this.#name}"`);
    }
  }
}
