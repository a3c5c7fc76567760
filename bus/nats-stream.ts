import {
  BusLostError,
  BusRefusedError,
  type BusStream,
  type Handler,
  type Reader,
} from '../shared/bus.js';
import { isMissing } from './nats-errors.js';
import { publishStored } from './nats-publish.js';
import { openReader } from './nats-reader.js';
import type { NatsSession } from './nats-session.js';

/** A JetStream stream with file storage. */
export class NatsStream implements BusStream {
  readonly #session: NatsSession;
  readonly #name: string;

  constructor(session: NatsSession, name: string) {
    this.#session = session;
    this.#name = name;
  }

  async publish(subject: string, data: Uint8Array, id: string): Promise<'stored' | 'repeated'> {
    const { duplicate } = await namingGone(this.#session, this.#name, `store "${subject}"`, () =>
      publishStored(this.#session, { subject, data, conditions: { 'Nats-Msg-Id': id } }),
    );
    return duplicate === true ? 'repeated' : 'stored';
  }

  async read(filters: readonly string[], handler: Handler, behind?: string): Promise<Reader> {
    return openReader({
      session: this.#session,
      stream: this.#name,
      what: `read the stream "${this.#name}"`,
      filters,
      from: behind === undefined ? 1 : await this.#firstOf(behind),
      complete: false,
      handler: ({ data, subject }) => handler(data, subject),
    });
  }

  /** Sequence of the first message of a subject; 1 where there is none, or no stream yet. */
  #firstOf(subject: string): Promise<number> {
    const query = { seq: 1, next_by_subj: subject };
    return this.#session.ask(`find "${subject}" in the stream "${this.#name}"`, async () => {
      const { streams } = await this.#session.manager();
      try {
        return (await streams.getMessage(this.#name, query)).seq;
      } catch (error) {
        if (isMissing(error)) return 1;
        throw error;
      }
    });
  }

  purge(filter: string): Promise<number> {
    return namingGone(this.#session, this.#name, `purge "${filter}"`, async () => {
      const manager = await this.#session.manager();
      return (await manager.streams.purge(this.#name, { filter })).purged;
    });
  }

  remove(): Promise<void> {
    return removeStream(this.#session, this.#name);
  }
}

export async function removeStream(session: NatsSession, name: string): Promise<void> {
  await session.ask(`remove the stream "${name}"`, async () => {
    const manager = await session.manager();
    // Whose answer got lost has done it: removing again finds nothing, which is what was wanted.
    await manager.streams.delete(name).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  });
}

/**
 * A request about a stream. To a publication that no stream holds, the server answers with a bare
 * 503; then it is asked what became of the stream.
 */
export async function namingGone<Result>(
  session: NatsSession,
  name: string,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await session.ask(what, work);
  } catch (error) {
    if (error instanceof BusLostError || !(await isGone(session, name))) throw error;
    throw new BusRefusedError(
      `Cannot ${what}: the stream "${name}" is gone: someone else removed it from the server`,
      { cause: error },
    );
  }
}

async function isGone(session: NatsSession, name: string): Promise<boolean> {
  try {
    await session.ask('ask', async () => (await session.manager()).streams.info(name));
    return false;
  } catch (error) {
    return isMissing(error);
  }
}
