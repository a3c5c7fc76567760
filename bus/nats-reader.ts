/**
 * Reads a stream for as long as it is not closed. What serves it on the server is a consumer, which
 * goes with a restart, with the member of a cluster that held it, or after a silence; the reader
 * watches over it and makes another one behind the last message that it has handed over.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  ConsumerEvents,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  nanos,
  nuid,
} from 'nats';
import { BusLostError, BusRefusedError, type Reader } from '../shared/bus.js';
import {
  busConsumerAge,
  busIdleHeartbeat,
  busPullTime,
  busReadAgainDelay,
  busReadAhead,
} from '../shared/limits.js';
import { isMissing } from './nats-errors.js';
import type { NatsSession } from './nats-session.js';

export interface ReaderOptions {
  readonly session: NatsSession;
  readonly stream: string;
  /** In words, for errors. */
  readonly what: string;
  readonly filters: readonly string[];
  /** A sequence to begin with, or the newest message of every subject. */
  readonly from: number | 'newest';
  readonly handler: (message: JsMsg) => void;
  /** Told at every beginning how many messages are stored for the reader. */
  readonly onBegin?: (waiting: number) => void;
  /** Whether every message counts: what is gone before it was handed over ends the reader. */
  readonly complete: boolean;
}

const endings: readonly string[] = [
  ConsumerEvents.HeartbeatsMissed,
  ConsumerEvents.ConsumerDeleted,
  ConsumerEvents.ConsumerNotFound,
  ConsumerEvents.StreamNotFound,
  ConsumerEvents.NoResponders,
];

/** Resolves when the first consumer is there. @throws BusLostError, BusAwayError, BusRefusedError */
export async function openReader(options: ReaderOptions): Promise<Reader> {
  const reader = new NatsReader(options);
  await reader.open();
  return reader;
}

class NatsReader implements Reader {
  readonly ended: Promise<BusRefusedError | BusLostError | null>;
  #settle: (why: BusRefusedError | BusLostError | null) => void = () => undefined;
  #open = true;
  /** Ends the wait of whoever waits for the end of the consumer, or for another try. */
  #hurry: () => void = () => undefined;
  #next: number;
  /** When the stream was created: another one of its name begins anew. */
  #created: string | null = null;
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#next = options.from === 'newest' ? 1 : options.from;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async open(): Promise<void> {
    const { session, what } = this.#options;
    const first = await session.ask(what, () => this.#begin());
    void this.#supervise(first);
  }

  close(): void {
    this.#end(null);
  }

  #end(why: BusRefusedError | BusLostError | null): void {
    this.#open = false;
    this.#settle(why);
    this.#hurry();
  }

  /** One consumer after the other. */
  async #supervise(first: Serving): Promise<void> {
    const { session, what } = this.#options;
    for (let serving: Serving | null = first; this.#open; ) {
      await this.#waitFor(serving?.over ?? null);
      serving?.close();
      serving = null;
      if (!(await session.here())) return this.#end(await session.closed);
      if (!this.#open) return;
      try {
        serving = await session.ask(what, () => this.#begin());
      } catch (error) {
        if (!this.#mayPass(error)) return this.#end(named(what, error));
      }
    }
  }

  /** Until it is over, or for a moment; no longer than the reader and the connection live. */
  #waitFor(over: Promise<void> | null): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.#options.session.connection.onChange(resolve as () => void);
      const timer = over === null ? setTimeout(resolve, busReadAgainDelay) : undefined;
      this.#hurry = () => {
        clearTimeout(timer);
        listening.close();
        resolve();
      };
      void over?.then(this.#hurry);
      if (!this.#open) this.#hurry();
    });
  }

  /** A stream that is missing may be created; a log with its entries may not. */
  #mayPass(error: unknown): boolean {
    if (error instanceof BusLostError) return false;
    return !(error instanceof BusRefusedError) || (isMissing(error) && !this.#options.complete);
  }

  async #begin(): Promise<Serving> {
    const { complete, onBegin, session, stream, what } = this.#options;
    const manager = await session.manager();
    const { created, state } = await manager.streams.info(stream);
    const isOther = this.#created !== null && this.#created !== String(created);
    this.#created = String(created);
    if (complete && (isOther || state.first_seq > this.#next)) throw incomplete(what, this.#next);
    // Also where it was made anew between the question where to begin and this one.
    if (isOther || (!complete && state.last_seq < this.#next - 1)) this.#next = 1;
    const { name, num_pending } = await manager.consumers.add(stream, this.#consumer());
    const consumer = await session.jetstream.consumers.get(stream, name);
    const serving = new Serving((message) => this.#handOver(message));
    await serving.start((callback) =>
      consumer.consume({
        max_messages: busReadAhead,
        expires: busPullTime,
        idle_heartbeat: busIdleHeartbeat,
        callback,
      }),
    );
    onBegin?.(num_pending);
    return serving;
  }

  #consumer(): Partial<ConsumerConfig> {
    const { filters, from } = this.#options;
    return {
      ack_policy: AckPolicy.None,
      inactive_threshold: nanos(busConsumerAge),
      mem_storage: true,
      num_replicas: 1,
      ...(from === 'newest'
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#next }),
      // With one filter the request names it in its subject, so that rights can be limited to it.
      ...(filters.length === 1
        ? { name: nuid.next(), filter_subject: filters[0] as string }
        : { filter_subjects: [...filters] }),
    };
  }

  #handOver(message: JsMsg): void {
    if (!this.#open || message.seq < this.#next) return;
    if (this.#options.complete && message.seq > this.#next) {
      this.#end(incomplete(this.#options.what, this.#next));
      return;
    }
    this.#next = message.seq + 1;
    this.#options.handler(message);
  }
}

/** One consumer at work. */
class Serving {
  /** Settles when it serves no more: another one must take its place. */
  readonly over: Promise<void>;
  #stop: () => void = () => undefined;
  #delivered = 0;
  #messages: ConsumerMessages | null = null;
  readonly #handler: (message: JsMsg) => void;

  constructor(handler: (message: JsMsg) => void) {
    this.#handler = handler;
    this.over = new Promise((resolve) => {
      this.#stop = resolve;
    });
  }

  async start(
    consume: (callback: (message: JsMsg) => void) => Promise<ConsumerMessages>,
  ): Promise<void> {
    const messages = await consume((message) => this.#deliver(message));
    this.#messages = messages;
    void messages.closed().then(this.#stop, this.#stop);
    this.#follow(messages).catch(this.#stop);
  }

  close(): void {
    this.#delivered = Number.NaN;
    void this.#messages?.close().catch(() => undefined);
  }

  /** A message that got lost on its way shows as a gap: another consumer will send it again. */
  #deliver(message: JsMsg): void {
    if (message.info.deliverySequence !== this.#delivered + 1) {
      this.close();
      this.#stop();
      return;
    }
    this.#delivered++;
    this.#handler(message);
  }

  async #follow(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of await messages.status()) if (endings.includes(type)) this.#stop();
  }
}

/** It was there when the reader was opened. */
function named(what: string, error: unknown): BusRefusedError | BusLostError {
  if (!isMissing(error)) return error as BusRefusedError | BusLostError;
  const words = `Cannot ${what}: it is gone: someone else removed it from the server`;
  return new BusRefusedError(words, { cause: error });
}

const incomplete = (what: string, next: number): BusRefusedError =>
  new BusRefusedError(
    `Cannot ${what}: entry ${next} is gone: someone else removed it from the server`,
  );
