/** The accounts of jobs on the installation's nats-servers: made before a job's pods, removed after them. */
import { type AccountServer, openAccountServer } from '../../bus/nats-account-server.js';
import { openNatsBus } from '../../bus/nats-bus.js';
import { type Bus, BusAwayError, BusLostError, BusUnauthorizedError } from '../../shared/bus.js';
import { systemClock } from '../../shared/clock.js';
import type { NatsAddress } from '../../shared/nats-address.js';
import { readNatsCreds } from '../../shared/nats-creds.js';
import { removalJwt } from './claims.js';
import { type JobCredentials, type JobIdentity, jobCredentials } from './credentials.js';
import type { Keys } from './keys.js';
import { Outage } from './outage.js';
import { controllerCreds } from './server-auth.js';

export interface NatsAccountsOptions {
  readonly keys: Keys;
  /** Of the servers; credentials in it are not looked at. */
  readonly address: NatsAddress;
  /** How many they are; as for `jobCredentials`. */
  readonly servers: number;
}

/**
 * Connects at the first call and stays connected. Every call throws BusLostError, BusAwayError,
 * BusRefusedError or BusUnauthorizedError where the servers cannot be reached or refuse, and may be repeated.
 */
export class NatsAccounts {
  readonly #keys: Keys;
  readonly #address: NatsAddress;
  readonly #servers: number;
  #server: Promise<AccountServer> | null = null;
  /** Tokens that the servers have, as far as this connection has lasted. */
  readonly #pushed = new Set<string>();
  readonly #outage = new Outage(
    systemClock,
    (error) => error instanceof BusLostError || error instanceof BusAwayError,
  );

  constructor({ address, keys, servers }: NatsAccountsOptions) {
    this.#keys = keys;
    this.#address = address;
    this.#servers = servers;
  }

  /** Cheap where it has been done since the connection was last away: call it at every look at a job. */
  async push(accountJwt: string): Promise<void> {
    if (this.#pushed.has(accountJwt)) return;
    await this.#outage.run(async () => (await this.#connected()).update(accountJwt));
    this.#pushed.add(accountJwt);
  }

  /**
   * Removes all that the job has stored and then its account, whose users are disconnected: for good, since
   * servers remember whom they have forgotten. Where it is gone already, nothing is done. Call it when none
   * of the job's processes runs any more: a coordinator that does would make its streams again.
   */
  remove(uid: string, name: string): Promise<void> {
    return this.#outage.run(() => this.#remove(uid, name));
  }

  async #remove(uid: string, name: string): Promise<void> {
    const job = { uid, name };
    if (!(await this.#removeStreams(job))) return;
    this.#pushed.delete(this.#credentials(job).accountJwt);
    const account = this.#keys.account(uid).publicKey;
    await (await this.#connected()).remove(removalJwt(this.#keys.operator, [account]));
  }

  async close(): Promise<void> {
    const server = await this.#server?.catch(() => null);
    this.#server = null;
    await server?.close();
  }

  /** By a user of the job's account, since nobody else sees them; false where there is no such account. */
  async #removeStreams(job: JobIdentity): Promise<boolean> {
    const { coordinatorCreds } = this.#credentials(job);
    let bus: Bus;
    try {
      const address = this.#as(coordinatorCreds);
      // An election among the servers is no refusal: whoever reconnects is told to ask again later.
      bus = await openNatsBus({ url: address, name: 'lockstep-controller', reconnect: true });
    } catch (error) {
      // A server that does not know an account has asked the others: it was never made, or is removed.
      if (error instanceof BusUnauthorizedError) return false;
      throw error;
    }
    try {
      await removeAll(bus);
      return true;
    } finally {
      await bus.close();
    }
  }

  #credentials(job: JobIdentity): JobCredentials {
    return jobCredentials(this.#keys, job, this.#servers);
  }

  #connected(): Promise<AccountServer> {
    if (this.#server !== null) return this.#server;
    const address = this.#as(controllerCreds(this.#keys));
    const opening = openAccountServer({ address, name: 'lockstep-controller' });
    this.#server = opening;
    const forget = (): void => {
      if (this.#server === opening) this.#server = null;
      this.#pushed.clear();
    };
    opening.then((server) => {
      // Servers that come back may have lost what they knew.
      server.connection.onChange(() => this.#pushed.clear());
      return server.closed.then(forget);
    }, forget);
    return opening;
  }

  #as(creds: string): NatsAddress {
    return { ...this.#address, credentials: readNatsCreds(creds) ?? { kind: 'none' } };
  }
}

async function removeAll(bus: Bus): Promise<void> {
  const { objects, streams } = await bus.names();
  for (const name of streams) await (await bus.openStream(name)).remove();
  for (const name of objects) await (await bus.openObjects(name)).remove();
}
