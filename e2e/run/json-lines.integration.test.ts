/** `--json` in every command: one scheme, and a last line that says how it ended. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-json-'));
const at = (name: string): string => join(folder, name);
const dataset = at('data/out');

before(async () => {
  await smallDataset(dataset);
  const job = smallJob(dataset, {
    evaluation: { everySteps: 1 },
    checkpoint: { best: 'mrr' },
  });
  writeFileSync(at('job.json'), JSON.stringify(job));
});
after(() => rmSync(folder, { recursive: true, force: true }));

type Line = Readonly<Record<string, unknown>>;

function linesOf(...words: string[]): Line[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words, '--json'], {
    encoding: 'utf8',
    cwd: folder,
  });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);
  const last = lines.at(-1) as Line;
  assert.match(String(last.kind), /^(finished|failed)$/, stderr);
  assert.equal(last.exit_code, status, stderr);
  assert.equal(last.kind === 'finished', status === 0 || status === 5);
  assert.equal(lines.filter(({ kind }) => kind === 'finished').length, status === 0 ? 1 : 0);
  for (const line of lines) requireScheme(line);
  return lines;
}

const lastOf = (...words: string[]): Line => linesOf(...words).at(-1) as Line;

function requireScheme(line: Line): void {
  assert.match(String(line.kind), /^[a-z]+$/);
  assert.equal(new Date(String(line.time)).toISOString(), line.time);
  for (const name of namesIn(line)) assert.match(name, /^[a-z][a-z0-9_]*(@\d+)?$/);
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(namesIn);
  return Array.isArray(value) ? within : [...Object.keys(value), ...within];
}

// Would catch a script that has to know which command it reads, and one that waits for a last line.
test('train and eval end with one result, in one scheme', () => {
  const trained = lastOf('train', 'job.json', '--output', 'run');
  assert.equal(trained.committed_steps, 2);
  assert.match(String(trained.weights_sha256), /^[0-9a-f]{64}$/);
  assert.equal(trained.resume, null);
  const evaluated = lastOf('eval', 'run');
  assert.equal(evaluated.weights_sha256, trained.weights_sha256);
  assert.deepEqual(Object.keys(evaluated), Object.keys(trained));
  assert.equal(lastOf('train', 'job.json', '--output', 'run').code, 'USAGE');
  assert.equal(lastOf('eval', 'nowhere').code, 'USAGE');
});

test('data, init and bench end with one result, in the same scheme', () => {
  const input = dirname(dataset);
  const files = ['--items', join(input, 'items.csv'), '--interactions', join(input, 'inter.csv')];
  const lines = linesOf('data', 'import', ...files, '--output', 'imported');
  assert.equal(lines[0]?.kind, 'progress');
  const shown = lastOf('data', 'show', 'imported');
  assert.deepEqual(shown.counts, lines.at(-1)?.counts);
  assert.equal((shown.counts as Line).interactions, 12);
  assert.equal(lastOf('data', 'show', 'imported', '--item', 'a').item, 'a');
  assert.equal(lastOf('data', 'show', 'nowhere').code, 'NOT_A_DATASET');
  assert.equal(lastOf('data', 'fetch', 'films').code, 'USAGE');

  const begun = lastOf('init', 'new.yaml', '--data', 'imported');
  assert.match(readFileSync(String(begun.file), 'utf8'), /imported/);
  assert.match(String(begun.next), /train new\.yaml/);
  assert.equal(lastOf('init', 'new.yaml', '--data', 'imported').code, 'USAGE');

  assert.equal(lastOf('bench', 'nonesuch').code, 'USAGE');
  assert.equal(lastOf('trane').code, 'USAGE');
});

// Would catch a damaged file whose place only the sentence for people tells.
test('what is wrong in a file of data is named by file and line', () => {
  writeFileSync(at('bad.csv'), 'item_id,user_id,timestamp\nz,u,1\n');
  const items = join(dirname(dataset), 'items.csv');
  const files = ['--items', items, '--interactions', at('bad.csv')];
  const { code, file, line } = lastOf('data', 'import', ...files, '--output', 'other');
  assert.deepEqual([code, file, line], ['UNKNOWN_ITEM', at('bad.csv'), 2]);
});
