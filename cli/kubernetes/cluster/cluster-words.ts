/** The words of the commands on a cluster. */
import { parseArgs } from 'node:util';
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

/**
 * Null where help was asked for.
 *
 * @param more options of this command, beside those that all have
 * @throws UsageError
 */
export function readClusterWords(
  command: string,
  words: readonly string[],
  more: readonly More[] = [],
) {
  const { values, positionals } = parsed(command, words, more);
  if (values.help === true) return null;
  const where: Where = {
    context: values.context ?? null,
    namespace: values.namespace ?? null,
    json: values.json === true,
  };
  return { where, values, positionals };
}

function parsed(command: string, words: readonly string[], more: readonly More[]) {
  const names: readonly string[] = [...common, ...more];
  const taken = Object.entries(all).filter(([name]) => names.includes(name));
  // Those that are left out are refused as unknown, and read as absent.
  const options = Object.fromEntries(taken) as unknown as typeof all;
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (cause) {
    const message = `${(cause as Error).message} (see "lockstep ${command} --help")`;
    throw new UsageError(message, { cause });
  }
}
