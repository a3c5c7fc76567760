/** `lockstep nats-users JOB`: accounts for a shared nats-server that can do nothing outside one job. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type NatsRole, natsRoles, natsUsersText } from '../../process/nats/nats-roles.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { natsUsersHelp } from '../help.js';
import { oneName } from '../one-name.js';
import { UsageError } from '../usage-error.js';

/** @throws UsageError */
export async function natsUsersCommand(words: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parsed(words);
  if (values.help === true) {
    process.stdout.write(`${natsUsersHelp}\n`);
    return exitCodes.success;
  }
  const job = oneName('nats-users', "a job's NAME", positionals);
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(job)) {
    throw new UsageError(
      'NAME must be metadata.name of a job: 1 to 63 lower-case letters, digits and "-": ' +
        `current value is ${JSON.stringify(job)}`,
    );
  }
  const passwords = Object.fromEntries(
    natsRoles.map((role) => [role, randomBytes(24).toString('hex')]),
  ) as Record<NatsRole, string>;
  process.stdout.write(`${natsUsersText(job, passwords)}\n`);
  return exitCodes.success;
}

export const natsUsersOptions = { help: { type: 'boolean', short: 'h' } } as const;

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: natsUsersOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep nats-users --help")`;
    throw new UsageError(message, { cause });
  }
}
