import type { JetStreamManager, NatsConnection, NatsError } from 'nats';
import { BusRefusedError, type BusStream, type Handler, type Reader } from '../shared/bus.js';
import { busRequestTimeout } from '../shared/limits.js';
import { asBusError } from './nats-errors.js';

/** Messages that the client asks for ahead of handling them; the plan's own bound is far lower. */
const pulledAhead = 256;

const notFound = 404;

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
      throw await this.#explained(cause, `store "${subject}"`);
    }
  }

  /** An ordered consumer: it starts at the oldest message, and after a gap where it was. */
  async read(filters: readonly string[], handler: Handler): Promise<Reader> {
    try {
      const consumer = await this.#connection
        .jetstream({ timeout: busRequestTimeout })
        .consumers.get(this.#name, { filterSubjects: [...filters] });
      const messages = await consumer.consume({
        max_messages: pulledAhead,
        callback: (message) => handler(message.data, message.subject),
      });
      return {
        close: () => void messages.close().catch(() => undefined),
        ended: messages
          .closed()
          .then((error) =>
            error instanceof Error ? asBusError(error, `read the stream "${this.#name}"`) : null,
          ),
      };
    } catch (cause) {
      throw asBusError(cause, `read the stream "${this.#name}"`);
    }
  }

  async purge(filter: string): Promise<number> {
    try {
      return (await this.#manager.streams.purge(this.#name, { filter })).purged;
    } catch (cause) {
      throw await this.#explained(cause, `purge "${filter}"`);
    }
  }

  /** To a publication that no stream holds, the server answers with a bare 503. */
  async #explained(cause: unknown, what: string): Promise<Error> {
    const error = asBusError(cause, what);
    if (!(error instanceof BusRefusedError) || !(await this.#isGone())) return error;
    return new BusRefusedError(
      `Cannot ${what}: the stream "${this.#name}" is gone: someone else removed it from the server`,
      { cause },
    );
  }

  #isGone(): Promise<boolean> {
    return this.#manager.streams.info(this.#name).then(
      () => false,
      (error: unknown) => (error as NatsError).api_error?.code === notFound,
    );
  }

  async remove(): Promise<void> {
    try {
      await this.#manager.streams.delete(this.#name);
    } catch (cause) {
      throw asBusError(cause, `remove the stream "${this.#name}"`);
    }
  }
}
