/**
 * One connection to nats-server and how it is. With `reconnect` it comes back by itself for as long as
 * it is not closed; the client forgets what it had not sent, and requests that were on their way are
 * refused at once, because their answers go to a connection that is no more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConnectionOptions,
  connect,
  Events,
  type JetStreamClient,
  type JetStreamManager,
  jwtAuthenticator,
  type NatsConnection,
  type NatsError,
} from 'nats';
import {
  BusAwayError,
  type BusConnection,
  type BusConnectionState,
  BusLostError,
  BusRefusedError,
} from '../shared/bus.js';
import type { Clock } from '../shared/clock.js';
import {
  busConnectTimeout,
  busPingInterval,
  busPingsUnanswered,
  busReconnectDelay,
  busReconnectTimeout,
  busRequestTimeout,
  busTries,
} from '../shared/limits.js';
import { type NatsAddress, type NatsCredentials, serversText } from '../shared/nats-address.js';
import { inboxOfUser } from '../shared/nats-creds.js';
import type { Millis } from '../shared/units.js';
import { asBusError, connectError, isUnheard, isUnknownUser } from './nats-errors.js';

/** Consumers that filter several subjects came with this version. */
const oldestServer = [2, 10] as const;

export interface SessionOptions {
  readonly address: NatsAddress;
  /** Shown by the server's monitoring. */
  readonly name: string;
  readonly reconnect: boolean;
  readonly clock: Clock;
  /** How long a server that cannot be reached is tried again. */
  readonly patience: Millis;
  /** Called once, where the first try has failed and others follow. */
  readonly onWait: (reason: string) => void;
}

/** @throws BusLostError, BusRefusedError, BusUnauthorizedError, BusUntrustedError */
export async function openSession(options: SessionOptions): Promise<NatsSession> {
  const client = await connectPatiently(options);
  const version = client.info?.version ?? 'unknown';
  if (isOlder(version)) {
    await client.close();
    throw new BusRefusedError(
      `Cannot use the nats-server at ${serversText(options.address)}: it is version ${version}: ` +
        `at least ${oldestServer.join('.')} is needed`,
    );
  }
  return new NatsSession(client, options);
}

/** Its name may not be known yet, its machine not be there, its port be closed: most of it passes. */
async function connectPatiently(options: SessionOptions): Promise<NatsConnection> {
  const { clock, onWait, patience } = options;
  const end = clock.now() + patience;
  for (let tries = 1; ; tries++) {
    try {
      return await connectOnce(options);
    } catch (error) {
      if (!mayPass(error, options.address.credentials) || clock.now() >= end) throw error;
      if (tries === 1) onWait(`${error.message}: tries again for ${patience / 1000} s`);
      await sleep(busReconnectDelay);
    }
  }
}

/**
 * An account that is known by a token reaches each server for itself: a pod may come before it, and a server
 * that has just been made anew may not have it yet. Of a token that is too old it says no more than that. Users
 * and passwords are in the server's own configuration.
 */
const mayPass = (error: unknown, credentials: NatsCredentials): error is Error =>
  error instanceof BusLostError ||
  (isUnknownUser(error) &&
    credentials.kind === 'jwt' &&
    (credentials.expires === null || credentials.expires > Date.now()));

async function connectOnce(options: SessionOptions): Promise<NatsConnection> {
  try {
    return await connect(clientOptions(options));
  } catch (cause) {
    const { address } = options;
    throw connectError(cause as NatsError, serversText(address), address.tls !== null);
  }
}

function clientOptions({ address, name, reconnect }: SessionOptions): ConnectionOptions {
  const { credentials, servers, tls } = address;
  return {
    ...credentialOptions(credentials),
    ...(tls === null ? { tls: null } : { tls: filesOf(tls) }),
    servers: [...servers],
    name,
    reconnect,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => busReconnectDelay * (0.5 + Math.random() / 2),
    timeout: reconnect ? busReconnectTimeout : busConnectTimeout,
    pingInterval: busPingInterval,
    maxPingOut: busPingsUnanswered,
  };
}

function credentialOptions(credentials: NatsCredentials): ConnectionOptions {
  switch (credentials.kind) {
    case 'none':
      return {};
    case 'token':
      return { token: credentials.token };
    case 'password': {
      const { password, user } = credentials;
      return { user, pass: password, inboxPrefix: inboxOfUser(user) };
    }
    case 'jwt': {
      const { inbox, jwt, seed } = credentials;
      const authenticator = jwtAuthenticator(jwt, new TextEncoder().encode(seed));
      return { authenticator, inboxPrefix: inbox };
    }
  }
}

const filesOf = (tls: object): Record<string, string> =>
  Object.fromEntries(Object.entries(tls).filter(([, file]) => file !== null));

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldestServer[0] || (major === oldestServer[0] && minor < oldestServer[1]);
}

export class NatsSession {
  readonly client: NatsConnection;
  readonly closed: Promise<BusLostError | null>;
  readonly connection: BusConnection;
  readonly #servers: string;
  readonly #reconnect: boolean;
  readonly clock: Clock;
  readonly #listeners = new Set<(state: BusConnectionState) => void>();
  #state: BusConnectionState = { kind: 'connected' };
  #closing = false;
  #manager: Promise<JetStreamManager> | null = null;

  constructor(
    client: NatsConnection,
    { address, clock, reconnect }: Pick<SessionOptions, 'address' | 'clock' | 'reconnect'>,
  ) {
    this.client = client;
    this.#servers = serversText(address);
    this.#reconnect = reconnect;
    this.clock = clock;
    this.connection = observed(() => this.#state, this.#listeners);
    this.closed = client.closed().then((error) => {
      this.#change({ kind: 'closed' });
      if (this.#closing) return null;
      const why = error instanceof Error ? `: ${error.message}` : '';
      return new BusLostError(`The connection to nats-server at ${this.#servers} ended${why}`);
    });
    if (reconnect) void this.#follow();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.client.status()) {
      if (this.#state.kind === 'closed') return;
      if (type === Events.Reconnect) this.#change({ kind: 'connected' });
      if (type === Events.Disconnect && this.#state.kind === 'connected') {
        this.#change({ kind: 'away', since: this.clock.now() });
      }
    }
  }

  #change(state: BusConnectionState): void {
    if (state.kind === this.#state.kind) return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  get isHere(): boolean {
    return this.#state.kind === 'connected';
  }

  get isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  get jetstream(): JetStreamClient {
    return this.client.jetstream({ timeout: busRequestTimeout });
  }

  manager(): Promise<JetStreamManager> {
    const options = { timeout: busRequestTimeout, checkAPI: false };
    this.#manager ??= this.client.jetstreamManager(options);
    return this.#manager;
  }

  /**
   * A request, which fails as soon as the connection goes.
   *
   * @throws BusLostError, BusAwayError, BusRefusedError
   */
  async ask<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    if (!this.isHere) throw this.error(this.#absence(), what);
    let leave: () => void = () => undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(this.#absence());
    });
    const listening = this.connection.onChange(() => leave());
    try {
      return await Promise.race([work(), left]);
    } catch (cause) {
      throw this.error(cause, what);
    } finally {
      listening.close();
    }
  }

  /** A request that is repeated over absences, for work that consists of many of them. */
  async insist<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    for (let answered = 0; ; ) {
      try {
        return await this.ask(what, work);
      } catch (error) {
        // Of a server that is there, silence means something.
        if (this.isHere) answered++;
        if (!(error instanceof BusAwayError) || answered === busTries) throw error;
        await this.here();
      }
    }
  }

  #absence(): Error {
    const { kind } = this.#state;
    return kind === 'away'
      ? new Error(`the nats-server at ${this.#servers} is away`)
      : new Error(`the connection to nats-server at ${this.#servers} is closed`);
  }

  /** What a failure of the client or an answer of the server means for whoever asked. */
  error(cause: unknown, what: string): BusLostError | BusAwayError | BusRefusedError {
    // A server without JetStream says the same as one that is electing, and will go on saying it.
    const never = isUnheard(cause as NatsError) && this.client.info?.jetstream !== true;
    return asBusError(cause, what, this.#reconnect && !this.#closing && !this.isClosed && !never);
  }

  /** Whether the connection is there, now or again; false where it is closed. */
  async here(): Promise<boolean> {
    while (this.#state.kind === 'away') await this.#changed();
    return this.isHere;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.client.isClosed()) return;
    // Draining also sends what is queued. It fails where the connection is gone, and never settles
    // where the connection goes while it drains.
    if (this.isHere) {
      await Promise.race([this.client.drain().catch(() => undefined), this.#changed()]);
    }
    await this.client.close();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.connection.onChange(() => {
        listening.close();
        resolve();
      });
    });
  }
}

function observed(
  state: () => BusConnectionState,
  listeners: Set<(state: BusConnectionState) => void>,
): BusConnection {
  return {
    get state() {
      return state();
    },
    onChange(listener) {
      listeners.add(listener);
      return { close: () => void listeners.delete(listener) };
    },
  };
}
