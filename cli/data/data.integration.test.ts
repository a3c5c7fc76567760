import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

function lockstep(...words: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'data', ...words], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

function makeInput(
  context: TestContext,
  interactions: string,
): { folder: string; words: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-data-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'inter.csv'), interactions);
  writeFileSync(join(folder, 'items.csv'), 'item_id,title\na,Toy Story\nb,Heat\n');
  const files = ['--interactions', join(folder, 'inter.csv'), '--items', join(folder, 'items.csv')];
  const words = ['import', '--format', 'hllm', ...files, '--output', join(folder, 'out')];
  return { folder, words };
}

const good = 'item_id,user_id,timestamp\na,u,1\nb,u,2\na,v,3\n';
const lastJson = (out: string): Record<string, unknown> =>
  JSON.parse(out.trim().split('\n').at(-1)!);

test('import, then show: both tell the same digest and counts', (context) => {
  const { folder, words } = makeInput(context, good);
  const imported = lockstep(...words, '--json');
  assert.equal(imported.code, 0, imported.err);
  const result = lastJson(imported.out);
  assert.deepEqual(result.counts, {
    users: 2,
    items: 2,
    interactions: 3,
    item_tokens: 7,
    vocabulary: 6,
  });
  const shown = lastJson(lockstep('show', join(folder, 'out'), '--json').out);
  const parts = ({ digest, counts, report }: Record<string, unknown>) => [digest, counts, report];
  assert.deepEqual(parts(shown), parts(result));
  const { out } = lockstep('show', join(folder, 'out'));
  assert.match(out, /^dataset +out$/m);
  assert.match(out, /^warning: 0 of 2 users can be trained on/m);
});

// Would catch an import after which nobody knows how to train, and a folder that the shell cuts in two.
test('an import ends with the commands that train what it made', (context) => {
  const { folder, words } = makeInput(context, good);
  const output = join(folder, 'my books');
  const { out } = lockstep(...words.slice(0, -1), output);
  const [init = '', train = ''] = out.split('\nNext:\n')[1]?.split('\n') ?? [];
  // Begun like this command itself: npx would not find a checkout elsewhere.
  assert.match(init, /^ {2}node \S*cli\/lockstep\.mjs init --data '.*my books'$/);
  assert.ok(init.endsWith(`--data '${output}'`));
  assert.match(train, /^ {2}node \S*cli\/lockstep\.mjs train job\.yaml$/);
});

test('a bad row ends with 1 and its line; with --on-bad-row skip it is counted', (context) => {
  const { words } = makeInput(context, `${good}x,u,4\n`);
  const failed = lockstep(...words, '--json');
  assert.equal(failed.code, 2);
  assert.match(failed.err, /line 5: the item is "x"/);
  const { code, line } = lastJson(failed.out);
  assert.deepEqual([code, line], ['UNKNOWN_ITEM', 5]);
  const skipped = lockstep(...words, '--on-bad-row', 'skip');
  assert.equal(skipped.code, 0, skipped.err);
  assert.match(skipped.out, /skipped interactions +1 \(unknown item\)/);
});

test('a wrong command ends with 2 and says what should be', () => {
  const { code, err, out } = lockstep('fetch', 'netflix');
  assert.equal(code, 2);
  assert.match(err, /movielens-100k/);
  assert.equal(out, '');
  assert.equal(lockstep('--help').code, 0);
});
