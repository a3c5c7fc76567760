/** The page docs/cli.md: what `--help` of every command says, in one place. Pure. */
import { exitCodeHelp } from '../exit-code-help.js';
import type { CommandEntry } from './command-entry.js';
import { commandTable } from './command-table.js';

/** Which a test compares with the file. */
export const cliReferencePage = (): string =>
  [
    ...introduction,
    ...table('here'),
    ...onKubernetes,
    ...table('cluster'),
    ...exitCodes,
    ...commandTable.flatMap(section),
  ].join('\n');

const table = (where: CommandEntry['where']): string[] => [
  '| command | does |',
  '|---|---|',
  ...commandTable
    .filter((entry) => entry.where === where)
    .map((entry) => `| [\`${called(entry)}\`](#lockstep-${entry.name}) | ${entry.summary} |`),
  '',
];

const called = ({ name, words }: CommandEntry): string => `${name} ${words}`.trim();

function section({ name, summary, help }: CommandEntry): string[] {
  const text = (help ?? `Usage: lockstep ${name}\n\n(${summary})`)
    // Stands once for all of them; the few commands with codes of their own keep theirs.
    .replace(exitCodeHelp, '')
    .trimEnd();
  return [`## lockstep ${name}`, '', '```text', text, '```', ''];
}

const introduction = [
  '# The command line',
  '',
  'In a checkout `lockstep` is `npx lockstep`, or `node cli/lockstep.mjs`. Every command takes `--help`; those with',
  '`--json` print one JSON object a line ([json-output.md](json-output.md)). A shell completes commands, options and',
  'files ([terminal.md](terminal.md#completion)). The fields of a job: [job-spec.md](job-spec.md); what the environment',
  'says to processes of a cluster: [cluster.md](cluster.md#what-the-environment-says).',
  '',
  'This page is generated from the help of the commands; a test keeps it current, and writes it anew with',
  '`LOCKSTEP_UPDATE=1 node --test dist/cli/commands/reference.test.js`.',
  '',
  '## On this machine, and by hand on any others',
  '',
];

const onKubernetes = ['## On a Kubernetes cluster', ''];

const exitCodes = [
  '## Exit codes',
  '',
  '```text',
  ...exitCodeHelp.split('\n').slice(1),
  '```',
  '',
  'Commands that say otherwise below have their own. What to do about each: [troubleshooting.md](troubleshooting.md#exit-codes).',
  '',
];
