/**
 * The accounts of nats-servers in operator mode, changed over their system account while they run. Of a
 * cluster every server hears each request and answers for itself; the first answer is taken, and a server
 * that was away asks the others when a user of an unknown account comes.
 */

import { BusRefusedError } from '../shared/bus.js';
import { type Clock, systemClock } from '../shared/clock.js';
import { busRequestTimeout } from '../shared/limits.js';
import type { NatsAddress } from '../shared/nats-address.js';
import { millis } from '../shared/units.js';
import { type NatsSession, openSession } from './nats-session.js';

export interface AccountServerOptions {
  /** With the credentials of a user of the system account. */
  readonly address: NatsAddress;
  /** Shown by the server's monitoring. */
  readonly name: string;
  readonly clock?: Clock;
}

/** @throws BusLostError, BusRefusedError, BusUnauthorizedError */
export async function openAccountServer(options: AccountServerOptions): Promise<AccountServer> {
  const { address, clock = systemClock, name } = options;
  // Whoever calls is called again: nothing is gained by waiting here for a server that is not there.
  const once = { patience: millis(0), onWait: () => undefined };
  return new AccountServer(await openSession({ address, name, reconnect: true, clock, ...once }));
}

/** Every request throws BusLostError, BusAwayError or BusRefusedError, and may be repeated. */
export class AccountServer {
  readonly #session: NatsSession;

  constructor(session: NatsSession) {
    this.#session = session;
  }

  /** Settles when the connection ends for good, with the reason. */
  get closed(): NatsSession['closed'] {
    return this.#session.closed;
  }

  /** For whoever must know that the servers may have been replaced by others. */
  get connection(): NatsSession['connection'] {
    return this.#session.connection;
  }

  /** Makes the account known, or gives it other limits. */
  update(accountJwt: string): Promise<void> {
    return this.#change('push an account', '$SYS.REQ.CLAIMS.UPDATE', accountJwt);
  }

  /** Forgets the accounts that the token names, and disconnects their users. Their streams stay. */
  remove(removalJwt: string): Promise<void> {
    return this.#change('remove an account', '$SYS.REQ.CLAIMS.DELETE', removalJwt);
  }

  /** The account's token; null where the server has none. */
  async lookup(account: string): Promise<string | null> {
    const text = await this.#ask(
      'look up an account',
      `$SYS.REQ.ACCOUNT.${account}.CLAIMS.LOOKUP`,
      '',
    );
    return text === '' ? null : text;
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async #change(what: string, subject: string, token: string): Promise<void> {
    const error = errorIn(await this.#ask(what, subject, token));
    if (error !== null) throw new BusRefusedError(`Cannot ${what}: nats-server says: ${error}`);
  }

  #ask(what: string, subject: string, payload: string): Promise<string> {
    return this.#session.ask(what, async () => {
      const options = { timeout: busRequestTimeout };
      return (await this.#session.client.request(subject, payload, options)).string();
    });
  }
}

/** The server's complaint; null where it has none. */
function errorIn(answer: string): string | null {
  try {
    const { error } = JSON.parse(answer);
    return error === undefined ? null : String(error.description ?? JSON.stringify(error));
  } catch {
    return `what is no JSON: ${answer.slice(0, 200)}`;
  }
}
