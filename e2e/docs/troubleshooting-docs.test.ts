/** That docs/troubleshooting.md quotes what the product says, so that whoever searches for it finds it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { exitCodes, isKnownCode } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { sourceFiles } from '../source-imports.js';

const read = (file: string): string => readFileSync(new URL(file, projectRoot), 'utf8');
const page = read('docs/troubleshooting.md');

const setUpFiles = ['.', 'tensorflow'].flatMap((folder) =>
  readdirSync(new URL(`tools/setup/${folder}`, projectRoot))
    .filter((name) => name.endsWith('.mjs') && !name.includes('.test.'))
    .map((name) => `tools/setup/${folder}/${name}`),
);

/** All that the program may say. A sentence that is cut over lines of code is whole again. */
const said = [
  ...sourceFiles(['shared', 'bus', 'storage', 'dataset', 'process', 'coordinator', 'worker']),
  ...sourceFiles(['cli', 'k8s', 'pretrained']),
]
  .filter((file) => !file.endsWith('.test.ts'))
  .concat(setUpFiles)
  .map((file) => read(file).replaceAll(/['`] \+\s+['`]/g, ''))
  .join('\n');

interface Row {
  readonly head: string;
  /** The first cell. */
  readonly symptom: string;
}

function rowsOf(text: string): Row[] {
  let head: string | null = null;
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('| ')) {
      if (!line.startsWith('|---')) head = null;
      return [];
    }
    const [, first = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (head !== null) return [{ head, symptom: first }];
    head = first;
    return [];
  });
}

const codeSpans = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);

/** What stands between the parts that differ; the marks around a name are those of the source. */
const fragments = (span: string): string[] =>
  span
    .split('…')
    .map((part) => part.trim())
    .filter((part) => part.length > 2);

/** What the scheduler and the kubelet say, which a job's message passes on. */
const ofKubernetes =
  /^(Insufficient |didn't match|ImagePullBackOff|ErrImagePull|unbound immediate PersistentVolumeClaims)/;

const quotedHeads = ['it says', 'one sees', 'state and message'];

const quoted = rowsOf(page)
  .filter(({ head }) => quotedHeads.includes(head))
  .flatMap(({ symptom }) => codeSpans(symptom))
  .filter((span) => !ofKubernetes.test(span));

// Would catch a message that is worded anew, while users who search the page for it find nothing.
test('docs/troubleshooting.md quotes the words of the product', () => {
  assert.ok(quoted.length > 40, `${quoted.length} quotations`);
  const foreign = quoted.flatMap(fragments).filter((part) => !said.includes(part));
  assert.deepEqual(foreign, []);
});

// Would catch a code that no error has, and one that was renamed.
test('every code that docs/troubleshooting.md names is one of shared/exit-codes.ts', () => {
  // Of the dataset's report and of the environment, which docs/data.md and docs/cluster.md explain.
  const others =
    /^(LOCKSTEP_|PIP_|HTTPS_|CUDA_|EQUAL_TEXTS|TEXTS_ARE_IDS|UNKNOWN_TEXTS|CONNECTION_REFUSED)/;
  const codes = codeSpans(page).filter((span) => /^[A-Z]+(_[A-Z]+)*$/.test(span));
  const unknown = codes.filter((code) => !isKnownCode(code) && !others.test(code));
  assert.ok(codes.length > 25, `${codes.length} codes`);
  assert.deepEqual(unknown, []);
});

// Would catch an exit code that comes or goes without its row.
test('docs/troubleshooting.md has a row for every exit code', () => {
  const told = rowsOf(page)
    .filter(({ head }) => head === 'code')
    .map(({ symptom }) => Number(symptom));
  assert.deepEqual(told, Object.values(exitCodes));
});
