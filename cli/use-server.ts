/** The nats-server of `--nats`, which others may use too, as a command finds it at its start. */
import { openNatsBus } from '../bus/nats-bus.js';
import { readNatsOptions } from '../process/nats/nats-options.js';
import { OptionError } from '../process/options.js';
import { type Bus, BusRefusedError, BusUnauthorizedError } from '../shared/bus.js';
import { withoutSecret } from '../shared/nats-address.js';
import { UsageError } from './usage-error.js';

/**
 * A server that cannot be reached yet is waited for; what is wrong with it for good is for the user to
 * change, and nothing was lost.
 *
 * @param options `reconnect`: whether the connection comes back where the server goes away meanwhile
 * @throws UsageError where the address or the server cannot be used, BusLostError where it was not
 *   there in time, and what `work` throws.
 */
export async function useServer<Result>(
  url: string,
  work: (bus: Bus) => Promise<Result>,
  { reconnect = false }: { readonly reconnect?: boolean } = {},
): Promise<Result> {
  try {
    const { address, replicas, patience } = readNatsOptions(process.env, url);
    const bus = await openNatsBus({
      ...{ url: address, replicas, name: 'command', reconnect, patience },
      onWait: (reason) => void process.stderr.write(`waiting: ${reason}\n`),
    });
    return await work(bus);
  } catch (error) {
    if (!isAboutServer(error)) throw error;
    throw new UsageError(
      `Cannot use ${withoutSecret(url)}, from --nats or LOCKSTEP_NATS_URL: it must be the address of a nats-server that runs ` +
        `with JetStream, with its secret where it has one: ${error.message}`,
      { cause: error },
    );
  }
}

const aboutServer = [BusRefusedError, BusUnauthorizedError, OptionError];

const isAboutServer = (error: unknown): error is Error =>
  aboutServer.some((kind) => error instanceof kind);

/** @throws UsageError where no run could use the server. */
export const requireServer = (url: string): Promise<void> =>
  useServer(url, async (bus) => {
    try {
      await bus.names();
    } finally {
      await bus.close();
    }
  });
