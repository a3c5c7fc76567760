/** The words of the commands on a cluster. */
import { parseArgs } from 'node:util';
import { type ExitCode, exitCodes } from '../../../shared/exit-codes.js';
import { UsageError } from '../../usage-error.js';

const all = {
  context: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  'all-namespaces': { type: 'boolean', short: 'A' },
  set: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
  force: { type: 'boolean' },
  watch: { type: 'boolean', short: 'w' },
  follow: { type: 'boolean', short: 'f' },
  tail: { type: 'string' },
  coordinator: { type: 'boolean' },
  worker: { type: 'string' },
  'no-wait': { type: 'boolean' },
  port: { type: 'string' },
  dashboard: { type: 'boolean' },
} as const;

/** What all of them take. */
const common = ['context', 'namespace', 'json', 'help'] as const;

type More = Exclude<keyof typeof all, (typeof common)[number]>;

/** Where a command is to be done, and how it answers. */
export interface Where {
  /** Of the kubeconfig; null for its current one. */
  readonly context: string | null;
  /** Null for the context's own. */
  readonly namespace: string | null;
  readonly json: boolean;
}

/** Another command on the same cluster, for whoever reads it. */
export function onward(command: string, { context, namespace }: Where): string {
  const place = namespace === null ? '' : ` --namespace ${namespace}`;
  return `lockstep ${command}${place}${context === null ? '' : ` --context ${context}`}`;
}

type Values = ReturnType<typeof parsed>['values'];

export interface ClusterWords {
  readonly where: Where;
  readonly values: Values;
  readonly positionals: readonly string[];
}

export interface ClusterCommand {
  readonly name: string;
  readonly help: string;
  /** Options of this command, beside those that all have. */
  readonly more?: readonly More[];
  /** @throws UsageError, ClusterLostError */
  readonly run: (given: ClusterWords) => Promise<ExitCode>;
}

/** A command of its words, which prints its help where that is asked for; and what it takes. */
export function clusterCommand({ help, more = [], name, run }: ClusterCommand): {
  (words: readonly string[]): Promise<ExitCode>;
  readonly options: typeof all;
} {
  const options = optionsOf(more);
  const command = async (words: readonly string[]): Promise<ExitCode> => {
    const { values, positionals } = parsed(name, words, options);
    if (values.help === true) {
      process.stdout.write(`${help}\n`);
      return exitCodes.success;
    }
    const { context = null, json = false, namespace = null } = values;
    return run({ where: { context, json, namespace }, values, positionals });
  };
  return Object.assign(command, { options });
}

/** Those that are left out are refused as unknown, and read as absent. */
function optionsOf(more: readonly More[]): typeof all {
  const names: readonly string[] = [...common, ...more];
  const taken = Object.entries(all).filter(([name]) => names.includes(name));
  return Object.fromEntries(taken) as unknown as typeof all;
}

function parsed(command: string, words: readonly string[], options: typeof all) {
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep ${command} --help")`;
    throw new UsageError(message, { cause });
  }
}
