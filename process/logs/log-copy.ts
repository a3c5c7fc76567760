/**
 * Logs of a run's processes are files. Where nobody looks into the folder of a run, as in a container,
 * `LOCKSTEP_LOG_TO_STDERR=true` has them on the standard error of the command that starts them, too.
 */
import { OptionError } from '../options.js';

const wish = 'LOCKSTEP_LOG_TO_STDERR';
/** Of a process that is started: where its copy goes. */
const descriptor = 'LOCKSTEP_LOG_DESCRIPTOR';

/** Behind the standard streams and Node's channel. */
const copyDescriptor = 4;

type Environment = Readonly<Record<string, string | undefined>>;

export interface LogCopy {
  /** Further entries of `stdio`, behind those of the standard streams and the channel. */
  readonly stdio: readonly number[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What a process is given by the command that starts it. @throws OptionError */
export function logCopy(environment: Environment): LogCopy {
  switch (environment[wish] ?? '') {
    case '':
    case 'false':
      return { stdio: [], environment: { [descriptor]: '' } };
    case 'true':
      return { stdio: [2], environment: { [descriptor]: String(copyDescriptor) } };
    default:
      throw new OptionError(
        `${wish} must be true or false: current value is ${JSON.stringify(environment[wish])}`,
      );
  }
}

/** Null where there is no copy. */
export const logCopyDescriptor = (environment: Environment): number | null =>
  environment[descriptor] === String(copyDescriptor) ? copyDescriptor : null;
