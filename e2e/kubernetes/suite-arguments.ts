import { parseArgs } from 'node:util';
import { allCases } from './all-cases.js';
import type { KubernetesCase } from './kubernetes-case.js';

export interface SuiteArguments {
  readonly cases: readonly KubernetesCase[];
  /** Leave a case's namespace as it is after a failure. */
  readonly keep: boolean;
  /** What has been prepared outside, where this is the part that runs beside the cluster. */
  readonly inside: string | null;
}

export const suiteHelp = `Trains jobs in real pods and disturbs them.

Usage: npm run test:kubernetes -- [--only NAME]... [--keep] [--list]

With KUBECONFIG set, on that cluster (its nodes must have the images of "npm run images", and must see
this machine's folders: kind and minikube are described in docs/kubernetes.md); else on one of its own.

Cases:
${allCases.map(({ name, title }) => `  ${name.padEnd(20)} ${title}`).join('\n')}`;

/** Null where only the help or the list was asked for. Throws an Error with words for the user. */
export function readSuiteArguments(words: readonly string[]): SuiteArguments | null {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: 'string', multiple: true },
      keep: { type: 'boolean' },
      list: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      inside: { type: 'string' },
    },
  });
  if (values.help === true || values.list === true) return null;
  const names = values.only ?? [];
  for (const name of names) {
    if (!allCases.some((found) => found.name === name)) {
      const known = allCases.map((found) => found.name).join(', ');
      throw new Error(`--only must be one of ${known}: current value is ${JSON.stringify(name)}`);
    }
  }
  const cases = allCases.filter(({ name }) => names.length === 0 || names.includes(name));
  return { cases, keep: values.keep ?? false, inside: values.inside ?? null };
}
