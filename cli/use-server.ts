/** The nats-server of `--nats`, which others may use too, as a command finds it at its start. */
import { openNatsBus } from '../bus/nats-bus.js';
import { readNatsOptions } from '../process/nats/nats-options.js';
import { OptionError } from '../process/options.js';
import { type Bus, BusLostError, BusRefusedError } from '../shared/bus.js';
import { withoutSecret } from '../shared/nats-address.js';
import { UsageError } from './usage-error.js';

/**
 * Nothing has been started yet, so nothing was lost: whatever is wrong with the server is for the
 * user to change.
 *
 * @throws UsageError where the address or the server cannot be used, and what `work` throws.
 */
export async function useServer<Result>(
  url: string,
  work: (bus: Bus) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(
      await openNatsBus({ url: readNatsOptions(process.env, url).address, name: 'command' }),
    );
  } catch (error) {
    if (!isAboutServer(error)) throw error;
    throw new UsageError(
      `Cannot use ${withoutSecret(url)}, from --nats or LOCKSTEP_NATS_URL: it must be the address of a nats-server that runs ` +
        `with JetStream, with its secret where it has one: ${error.message}`,
      { cause: error },
    );
  }
}

const isAboutServer = (error: unknown): error is Error =>
  error instanceof BusLostError || error instanceof BusRefusedError || error instanceof OptionError;

/** @throws UsageError where no run could use the server. */
export const requireServer = (url: string): Promise<void> =>
  useServer(url, async (bus) => {
    try {
      await bus.names();
    } finally {
      await bus.close();
    }
  });
