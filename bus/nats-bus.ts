/**
 * The bus over a nats-server with JetStream. Without `reconnect` the end of the connection is the end of
 * the bus, for those who cannot tell what they missed meanwhile; with it the bus says that it is
 * away, and goes on when the server, or another one of its cluster, is there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DiscardPolicy,
  type NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats';
import {
  type Bus,
  type BusConnection,
  type BusLog,
  type BusLostError,
  type BusObjects,
  BusRefusedError,
  type BusStream,
  type BusValues,
  type Handler,
  type Subscription,
} from '../shared/bus.js';
import { type Clock, systemClock } from '../shared/clock.js';
import { busLogAge, busReconnectDelay, busStreamAge } from '../shared/limits.js';
import { type NatsAddress, parseNatsUrl } from '../shared/nats-address.js';
import { type Bytes, bytes, type Millis, millis } from '../shared/units.js';
import { isMissing, isPassing } from './nats-errors.js';
import { NatsLog } from './nats-log.js';
import { NatsObjects } from './nats-objects.js';
import { type NatsSession, openSession } from './nats-session.js';
import { NatsStream, removeStream } from './nats-stream.js';
import { openNatsValues } from './nats-values.js';

/** JetStream keeps a store of files in a stream of this name. */
const objectsPrefix = 'OBJ_';
/** And values in one of this name. */
const valuesPrefix = 'KV_';

export interface NatsBusOptions {
  /** An address, or the text of one: see `parseNatsUrl`. */
  readonly url: NatsAddress | string;
  /** Shown by the server's monitoring. */
  readonly name: string;
  /** Whether a lost connection comes back; false: its loss is the end of the bus. */
  readonly reconnect?: boolean;
  /** Servers of a cluster that each hold what is stored: 1, 3 or 5. */
  readonly replicas?: number;
  readonly clock?: Clock;
  /** How long a server that cannot be reached yet is tried again; one try where it is left out. */
  readonly patience?: Millis;
  /** Told once, before the second try. */
  readonly onWait?: (reason: string) => void;
}

/** @throws BusLostError, BusRefusedError */
export async function openNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { clock = systemClock, name, reconnect = false, replicas = 1, url } = options;
  const { patience = millis(0), onWait = () => undefined } = options;
  const address = typeof url === 'string' ? read(url) : url;
  const end = clock.now() + patience;
  const session = await openSession({ address, name, reconnect, clock, patience, onWait });
  await untilJetStreamAnswers(session, millis(end - clock.now()), onWait);
  return new NatsBus(session, replicas);
}

/**
 * A server of a cluster that is starting, or that has just been told of an account, takes connections
 * before JetStream answers. Whatever is wrong otherwise is said by the first request that needs it.
 */
async function untilJetStreamAnswers(
  session: NatsSession,
  patience: Millis,
  onWait: (reason: string) => void,
): Promise<void> {
  const end = session.clock.now() + patience;
  if (patience <= 0) return;
  for (let tries = 1; session.client.info?.jetstream === true; tries++) {
    try {
      const manager = await session.manager();
      await manager.getAccountInfo();
      return;
    } catch (error) {
      if (!isPassing(error as NatsError) || session.clock.now() >= end) return;
      if (tries === 1) onWait('JetStream does not answer yet: tries again');
      await sleep(busReconnectDelay);
    }
  }
}

function read(url: string): NatsAddress {
  try {
    return parseNatsUrl(url);
  } catch (cause) {
    throw new BusRefusedError((cause as Error).message, { cause });
  }
}

class NatsBus implements Bus {
  readonly maxPayload: Bytes;
  readonly closed: Promise<BusLostError | null>;
  readonly connection: BusConnection;
  readonly #session: NatsSession;
  readonly #replicas: number;

  constructor(session: NatsSession, replicas: number) {
    this.#session = session;
    this.#replicas = replicas;
    this.maxPayload = bytes(session.client.info?.max_payload ?? 1024 * 1024);
    this.closed = session.closed;
    this.connection = session.connection;
  }

  publish(subject: string, data: Uint8Array): void {
    // The client would keep it, forget it at its next try to connect, and call neither a failure.
    if (!this.#session.isHere && !this.#session.isClosed) return;
    try {
      this.#session.client.publish(subject, data);
    } catch (cause) {
      throw this.#session.error(cause, `send to "${subject}"`);
    }
  }

  subscribe(filter: string, handler: Handler): Subscription {
    const subscription = this.#session.client.subscribe(filter, {
      callback: (error, message) => {
        // An error here is the end of the connection, which `closed` tells.
        if (error === null) handler(message.data, message.subject);
      },
    });
    return { close: () => subscription.unsubscribe() };
  }

  flush(): Promise<void> {
    return this.#session.ask('flush the connection', () => this.#session.client.flush());
  }

  async createStream(name: string, filter: string): Promise<BusStream> {
    await removeStream(this.#session, name);
    await this.#session.ask(`create the stream "${name}"`, async () => {
      await (await this.#session.manager()).streams.add(this.#settings(name, filter));
    });
    return new NatsStream(this.#session, name);
  }

  async ensureStream(name: string, filter: string): Promise<BusStream> {
    await this.#ensure(this.#settings(name, filter));
    return new NatsStream(this.#session, name);
  }

  async openStream(name: string): Promise<BusStream> {
    await this.#subjectOf(`open the stream "${name}"`, name);
    return new NatsStream(this.#session, name);
  }

  async ensureLog(name: string, subject: string): Promise<BusLog> {
    await this.#ensure({
      ...this.#settings(name, subject),
      max_age: nanos(busLogAge),
      // A full log must refuse the next entry, not forget the first; nor may anyone else forget it.
      discard: DiscardPolicy.New,
      deny_purge: true,
      deny_delete: true,
    });
    return new NatsLog(this.#session, name, subject);
  }

  async openLog(name: string): Promise<BusLog> {
    const subject = await this.#subjectOf(`open the log "${name}"`, name);
    return new NatsLog(this.#session, name, subject);
  }

  openObjects(bucket: string): Promise<BusObjects> {
    return this.#session.ask(`open the object store "${bucket}"`, async () => {
      await this.#ensureObjects(bucket);
      const store = await this.#session.jetstream.views.os(bucket, { storage: StorageType.File });
      return new NatsObjects(this.#session, store);
    });
  }

  /**
   * The client takes a server that does not answer for one that has the store, and would make it with
   * one copy; a stream whose copies are added afterwards loses what is stored meanwhile, for seconds.
   */
  async #ensureObjects(bucket: string): Promise<void> {
    const { streams } = await this.#session.manager();
    const name = `${objectsPrefix}${bucket}`;
    try {
      await streams.info(name);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await streams.add({
        name,
        subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
        allow_direct: true,
        allow_rollup_hdrs: true,
        discard: DiscardPolicy.New,
        num_replicas: this.#replicas,
        storage: StorageType.File,
      });
    }
  }

  openValues(bucket: string): Promise<BusValues> {
    return openNatsValues(this.#session, bucket, this.#replicas);
  }

  async findValues(bucket: string): Promise<BusValues | null> {
    const isThere = await this.#session.ask(`find the values "${bucket}"`, async () => {
      const { streams } = await this.#session.manager();
      return streams.info(`${valuesPrefix}${bucket}`).then(() => true, falseIfMissing);
    });
    return isThere ? this.openValues(bucket) : null;
  }

  names(): Promise<{ streams: string[]; objects: string[] }> {
    return this.#session.ask('list the streams', async () => {
      const manager = await this.#session.manager();
      const all: string[] = [];
      for await (const name of manager.streams.names()) all.push(name);
      const objects = all.filter((name) => name.startsWith(objectsPrefix));
      return {
        streams: all.filter((name) => !objects.includes(name)),
        objects: objects.map((name) => name.slice(objectsPrefix.length)),
      };
    });
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #settings(name: string, filter: string): StreamSettings {
    return {
      name,
      subjects: [filter],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      num_replicas: this.#replicas,
      max_age: nanos(busStreamAge),
    };
  }

  async #ensure(settings: StreamSettings): Promise<void> {
    await this.#session.ask(`open the stream "${settings.name}"`, async () => {
      const { streams } = await this.#session.manager();
      const isThere = await streams.info(settings.name).then(() => true, falseIfMissing);
      if (!isThere) await streams.add(settings);
    });
  }

  #subjectOf(what: string, name: string): Promise<string> {
    return this.#session.ask(what, async () => {
      const { config } = await (await this.#session.manager()).streams.info(name);
      return config.subjects[0] ?? '';
    });
  }
}

type StreamSettings = Partial<StreamConfig> & { readonly name: string };

function falseIfMissing(error: unknown): false {
  if (isMissing(error)) return false;
  throw error;
}
