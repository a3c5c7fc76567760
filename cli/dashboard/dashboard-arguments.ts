/** The words of `lockstep dashboard`, as one complete type. */
import { parseArgs } from 'node:util';
import { UsageError } from '../usage-error.js';

export interface DashboardArguments {
  /** Of one run, or of many. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly json: boolean;
}

export const dashboardOptions = {
  host: { type: 'string' },
  port: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const usualPort = 7400;

/** Null where help is asked for. @throws UsageError */
export function readDashboardArguments(words: readonly string[]): DashboardArguments | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  const [folder = 'runs', ...others] = positionals;
  if (others.length > 0) throw usage(`one folder may be named: it got ${positionals.length}`);
  const port = values.port === undefined ? usualPort : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw usage(`--port must be a whole number from 0 to 65535: current value is "${values.port}"`);
  }
  return { folder, port, host: values.host ?? '127.0.0.1', json: values.json === true };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: dashboardOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw usage((cause as Error).message, { cause });
  }
}

const usage = (why: string, options?: ErrorOptions): UsageError =>
  new UsageError(
    `Cannot run "lockstep dashboard": ${why} (see "lockstep dashboard --help")`,
    options,
  );
