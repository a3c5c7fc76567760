/**
 * The bus over a nats-server with JetStream. The connection is never re-established: while it was
 * away, reports may have been missed, and a fixed membership cannot tell which. The run ends and
 * resumes from its checkpoint instead.
 */
import {
  type ConnectionOptions,
  connect,
  type JetStreamManager,
  type NatsConnection,
  type NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats';
import {
  type Bus,
  type BusConnection,
  type BusConnectionState,
  type BusLog,
  BusLostError,
  type BusObjects,
  BusRefusedError,
  type BusStream,
  type BusValues,
  type Handler,
  type Subscription,
} from '../shared/bus.js';
import {
  busConnectTimeout,
  busPingInterval,
  busPingsUnanswered,
  busRequestTimeout,
} from '../shared/limits.js';
import { type Bytes, bytes } from '../shared/units.js';
import { asBusError } from './nats-errors.js';
import { NatsLog } from './nats-log.js';
import { NatsObjects } from './nats-objects.js';
import { NatsStream } from './nats-stream.js';
import { NatsValues } from './nats-values.js';

/** Consumers that filter several subjects came with this version. */
const oldestServer = [2, 10] as const;

/** JetStream keeps a store of files in a stream of this name. */
const objectsPrefix = 'OBJ_';

/** Nothing of a run is worth keeping after a week of silence. */
const streamAgeNanos = 7 * 24 * 3600 * 1e9;

export interface NatsBusOptions {
  /** `nats://[token@]host:port`, or `nats://user:password@host:port`. */
  readonly url: string;
  /** Shown by the server's monitoring. */
  readonly name: string;
}

/** @throws BusLostError, BusRefusedError */
export async function openNatsBus({ url, name }: NatsBusOptions): Promise<Bus> {
  const connection = await connectOnce(url, name);
  const version = connection.info?.version ?? 'unknown';
  if (isOlder(version)) {
    await connection.close();
    throw new BusRefusedError(
      `Cannot use the nats-server at ${withoutSecret(url)}: it is version ${version}: ` +
        `at least ${oldestServer.join('.')} is needed`,
    );
  }
  return new NatsBus(connection, withoutSecret(url));
}

async function connectOnce(url: string, name: string): Promise<NatsConnection> {
  const { server, ...credentials } = parseUrl(url);
  try {
    return await connect({
      ...credentials,
      servers: server,
      name,
      reconnect: false,
      timeout: busConnectTimeout,
      pingInterval: busPingInterval,
      maxPingOut: busPingsUnanswered,
    });
  } catch (cause) {
    throw new BusLostError(
      `Cannot connect to nats-server at ${withoutSecret(url)}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Splits the secret off, which the client wants as an option. */
function parseUrl(url: string): ConnectionOptions & { server: string } {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'nats:' || parsed.hostname === '') {
    throw new BusRefusedError(
      `Cannot use "${withoutSecret(url)}" as the address of nats-server: it must be like ` +
        'nats://host:4222',
    );
  }
  const server = `${parsed.hostname}:${parsed.port || '4222'}`;
  const user = decodeURIComponent(parsed.username);
  const pass = decodeURIComponent(parsed.password);
  if (pass !== '') return { server, user, pass };
  return user === '' ? { server } : { server, token: user };
}

/** The address without its token, for messages and logs. */
export function withoutSecret(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldestServer[0] || (major === oldestServer[0] && minor < oldestServer[1]);
}

class NatsBus implements Bus {
  readonly maxPayload: Bytes;
  readonly closed: Promise<BusLostError | null>;
  readonly connection: BusConnection;
  readonly #connection: NatsConnection;
  #state: BusConnectionState = { kind: 'connected' };
  #closing = false;

  constructor(connection: NatsConnection, address: string) {
    this.#connection = connection;
    this.maxPayload = bytes(connection.info?.max_payload ?? 1024 * 1024);
    this.closed = connection.closed().then((error) => {
      if (this.#closing) return null;
      const why = error instanceof Error ? `: ${error.message}` : '';
      return new BusLostError(`The connection to nats-server at ${address} ended${why}`);
    });
    const watchers = new Set<(state: BusConnectionState) => void>();
    void this.closed.then(() => {
      this.#state = { kind: 'closed' };
      for (const watcher of watchers) watcher(this.#state);
    });
    const state = () => this.#state;
    this.connection = {
      get state() {
        return state();
      },
      onChange(listener) {
        watchers.add(listener);
        return { close: () => void watchers.delete(listener) };
      },
    };
  }

  publish(subject: string, data: Uint8Array): void {
    try {
      this.#connection.publish(subject, data);
    } catch (cause) {
      throw asBusError(cause, `send to "${subject}"`);
    }
  }

  subscribe(filter: string, handler: Handler): Subscription {
    const subscription = this.#connection.subscribe(filter, {
      callback: (error, message) => {
        // An error here is the end of the connection, which `closed` tells.
        if (error === null) handler(message.data, message.subject);
      },
    });
    return { close: () => subscription.unsubscribe() };
  }

  async flush(): Promise<void> {
    try {
      await this.#connection.flush();
    } catch (cause) {
      throw asBusError(cause, 'flush the connection');
    }
  }

  async createStream(name: string, filter: string): Promise<BusStream> {
    try {
      const manager = await this.#connection.jetstreamManager({ timeout: busRequestTimeout });
      await manager.streams.delete(name).catch(unlessMissing);
      await manager.streams.add(configOf(name, filter));
      return new NatsStream(this.#connection, manager, name);
    } catch (cause) {
      throw asBusError(cause, `create the stream "${name}"`);
    }
  }

  async ensureStream(name: string, filter: string): Promise<BusStream> {
    const manager = await this.#ensure(configOf(name, filter));
    return new NatsStream(this.#connection, manager, name);
  }

  async ensureLog(name: string, subject: string): Promise<BusLog> {
    const manager = await this.#ensure({ ...configOf(name, subject), deny_purge: true });
    return new NatsLog(this.#connection, manager, name, subject);
  }

  async openLog(name: string): Promise<BusLog> {
    try {
      const manager = await this.#connection.jetstreamManager({ timeout: busRequestTimeout });
      const { config } = await manager.streams.info(name);
      return new NatsLog(this.#connection, manager, name, config.subjects[0] as string);
    } catch (cause) {
      throw asBusError(cause, `open the log "${name}"`);
    }
  }

  async #ensure(config: StreamSettings): Promise<JetStreamManager> {
    try {
      const manager = await this.#connection.jetstreamManager({ timeout: busRequestTimeout });
      const found = await manager.streams.info(config.name).catch(unlessMissing);
      if (found === false) await manager.streams.add(config);
      return manager;
    } catch (cause) {
      throw asBusError(cause, `open the stream "${config.name}"`);
    }
  }

  async openStream(name: string): Promise<BusStream> {
    try {
      const manager = await this.#connection.jetstreamManager({ timeout: busRequestTimeout });
      await manager.streams.info(name);
      return new NatsStream(this.#connection, manager, name);
    } catch (cause) {
      throw asBusError(cause, `open the stream "${name}"`);
    }
  }

  async openObjects(bucket: string): Promise<BusObjects> {
    try {
      const client = this.#connection.jetstream({ timeout: busRequestTimeout });
      return new NatsObjects(await client.views.os(bucket, { storage: StorageType.File }));
    } catch (cause) {
      throw asBusError(cause, `open the object store "${bucket}"`);
    }
  }

  async openValues(bucket: string): Promise<BusValues> {
    try {
      const client = this.#connection.jetstream({ timeout: busRequestTimeout });
      // Values are renewed while they mean something; the rest ages away like a stream's messages.
      const options = { history: 1, ttl: streamAgeNanos / 1e6, storage: StorageType.File };
      return new NatsValues(await client.views.kv(bucket, options), bucket);
    } catch (cause) {
      throw asBusError(cause, `open the values "${bucket}"`);
    }
  }

  async names(): Promise<{ streams: string[]; objects: string[] }> {
    try {
      const manager = await this.#connection.jetstreamManager({ timeout: busRequestTimeout });
      const all: string[] = [];
      for await (const name of manager.streams.names()) all.push(name);
      const objects = all.filter((name) => name.startsWith(objectsPrefix));
      return {
        streams: all.filter((name) => !objects.includes(name)),
        objects: objects.map((name) => name.slice(objectsPrefix.length)),
      };
    } catch (cause) {
      throw asBusError(cause, 'list the streams');
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#connection.isClosed()) return;
    // Draining also sends what is queued. It fails where the connection is gone, and never settles
    // where the connection goes while it drains.
    await Promise.race([this.#connection.drain().catch(() => undefined), this.closed]);
    await this.#connection.close();
  }
}

type StreamSettings = Partial<StreamConfig> & { readonly name: string };

const configOf = (name: string, filter: string): StreamSettings => ({
  name,
  subjects: [filter],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  max_age: streamAgeNanos,
});

const notFound = 404;

function unlessMissing(error: unknown): false {
  if ((error as NatsError).api_error?.code === notFound) return false;
  throw error;
}
