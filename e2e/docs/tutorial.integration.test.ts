/** The commands of docs/tutorial.md, run as they stand by a shell in a fresh folder. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { blocksOf } from './markdown.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-tutorial-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const page = readFileSync(new URL('docs/tutorial.md', projectRoot), 'utf8');

/** The set-up has run where tests do, and the dashboard goes on until somebody ends it. */
const commands = blocksOf(page, 'sh').filter(
  (block) => !block.includes('npm run setup') && block !== 'lockstep dashboard\n',
);

/** What the page makes an alias, which a script would not follow. */
const lockstep = `lockstep() { "${process.execPath}" "${fileURLToPath(new URL('cli/lockstep.mjs', projectRoot))}" "$@"; }`;

function runAll(): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn('bash', ['-e', '-c', [lockstep, ...commands].join('\n')], { cwd: folder });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (data) => {
    output += data;
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, errors })));
}

type Values = Readonly<Record<string, number>>;

interface Result {
  readonly metrics: { readonly test: Values; readonly popularity: { readonly test: Values } };
}

// Would catch a command of the tutorial that is refused, and defaults that no longer learn what a page promises.
test('the commands of the tutorial work as they stand, and the model has learnt to go on with a series', async () => {
  const { code, output, errors } = await runAll();
  assert.equal(code, 0, errors);
  const all = `${output}\n${errors}`;
  const result = JSON.parse(readFileSync(join(folder, 'runs/books/result.json'), 'utf8')) as Result;
  const { test: hllm, popularity } = result.metrics;
  assert.ok((hllm['recall@10'] ?? 0) > 0.7, JSON.stringify(hllm));
  assert.ok((popularity.test['recall@10'] ?? 1) < 0.1, JSON.stringify(popularity));
  const firsts = [...output.matchAll(/^1 +(\S.*?) {2,}b\d/gm)].map(([, title]) => title);
  assert.deepEqual(firsts, [
    'Harbour Mysteries, volume 3',
    'Harbour Mysteries, volume 4',
    'Harbour Mysteries, volume 2',
  ]);
  // What `eval` says is about the checkpoint that it evaluates, and about no other.
  assert.match(all, /^evaluating step 100 from .*step-00000100 on/m);
  assert.doesNotMatch(all, /not gone on from/);
  // What the page shows of the files and of the import does not depend on the machine.
  for (const shown of blocksOf(page, 'text').slice(0, 3)) {
    for (const line of shown.split('\n').filter(Boolean)) {
      assert.ok(all.includes(line), line);
    }
  }
});
