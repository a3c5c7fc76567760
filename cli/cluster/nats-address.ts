/** Where a command finds the nats-server that the run's processes share. */
import { withoutSecret } from '../../shared/nats-address.js';
import { UsageError } from '../usage-error.js';

const variable = 'LOCKSTEP_NATS_URL';

/**
 * The address from the option, else from the environment.
 *
 * @throws UsageError where there is none, and where the option holds a secret that everyone on the
 *   machine could read
 */
export function natsAddress(
  option: string | null,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const address = natsAddressIfAny(option, environment);
  if (address !== null) return address;
  throw new UsageError(
    `--nats must be the address of a nats-server, such as nats://host:4222: neither it nor ` +
      `${variable} is given`,
  );
}

/**
 * The same for a command that can do without: null where there is none.
 *
 * @throws UsageError
 */
export function natsAddressIfAny(
  option: string | null,
  environment: NodeJS.ProcessEnv = process.env,
): string | null {
  if (option === null) return environment[variable] || null;
  if (withoutSecret(option) === option) return option;
  throw new UsageError(
    `--nats must hold no secret, since everyone on the machine can read a command line: it is ` +
      `${withoutSecret(option)} with one: put the address with its secret into ${variable}, or the ` +
      'secret into the file of LOCKSTEP_NATS_CREDENTIALS_FILE',
  );
}
