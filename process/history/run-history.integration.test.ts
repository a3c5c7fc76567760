import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { historyFileOf } from './run-history.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-history-full-'));
after(() => rmSync(folder, { recursive: true }));

/**
 * Writes a history into a disk that is full, as far as this process can tell: its files may have so
 * many bytes. Then there is room again.
 */
const program = `
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
const { RunHistory, historyFileOf } = await import(process.argv[1]);
const limit = (bytes) => spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':']);
const troubles = [];
const time = '2026-01-02T03:04:05.678Z';
const folder = process.argv[2];
const history = RunHistory.open({
  folder, time, resume: false, owner: { run: 't', job: 'j', job_sha256: 'd' },
  onTrouble: (text) => troubles.push(text),
});
const warn = (committed_steps) =>
  history.append({ kind: 'warning', time, committed_steps, text: 'x'.repeat(200) });
limit(2000);
for (let steps = 1; steps <= 20; steps++) warn(steps);
const whileFull = readFileSync(historyFileOf(folder), 'utf8');
limit('unlimited');
warn(21);
console.log(JSON.stringify({ troubles, whileFull }));
`;

// Would catch a run that a full disk ends, half a line that spoils the rest, and lines that are lost
// although there is room again.
test('lines that a full disk refuses wait in memory until it takes them', () => {
  const module = new URL('./run-history.js', import.meta.url).href;
  const words = ['--input-type=module', '-e', program, module, folder];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.notEqual(stdout, '', stderr);
  const { troubles, whileFull } = JSON.parse(stdout);
  assert.equal(troubles.length, 1);
  assert.match(troubles[0], /^Cannot write .*history\.jsonl: EFBIG.*: the run goes on$/);
  assert.ok(whileFull.length <= 2000 && whileFull.endsWith('\n'));
  const steps = readFileSync(historyFileOf(folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).committed_steps);
  assert.deepEqual(
    steps,
    Array.from({ length: 22 }, (_, index) => index),
  );
});
