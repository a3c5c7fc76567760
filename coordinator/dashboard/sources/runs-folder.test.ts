import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RunsFolder, runsMax } from './runs-folder.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-runs-'));
after(() => rmSync(root, { recursive: true }));

/** Histories of no lines: when they were written is what counts. */
function writeRun(folder: string, name: string, second: number): void {
  mkdirSync(join(folder, name), { recursive: true });
  const history = join(folder, name, 'history.jsonl');
  writeFileSync(history, '');
  utimesSync(history, second, second);
}

const onTrouble = (error: Error): void => assert.fail(error);

// Would catch a run that is begun beside hundreds of old ones and is never shown, because its name comes late.
test('of more runs than are shown the newest are, also when they come later', async () => {
  const folder = join(root, 'many');
  for (let run = 0; run < runsMax + 2; run++) writeRun(folder, `run-${run}`, 1000 + run);
  const sources = new RunsFolder(folder, { tools: null, onTrouble });
  await sources.refresh();
  assert.equal(sources.runs().length, runsMax);
  assert.equal(sources.leftOut, 2);
  assert.equal(sources.find('run-1'), null);
  assert.notEqual(sources.find('run-2'), null);
  writeRun(folder, 'zz-newest', 9000);
  await sources.refresh();
  assert.equal(sources.runs().length, runsMax);
  assert.notEqual(sources.find('zz-newest'), null);
  assert.equal(sources.find('run-2'), null);
});

// Would catch a run that hides another one, because both have the same address.
test('a folder with the mark of a path in its name is another one than the path', async () => {
  const folder = join(root, 'marks');
  for (const name of [join('a', 'b'), 'a~b', 'a%7Eb', join('a~', 'b'), join('a', '~b')]) {
    writeRun(folder, name, 1000);
  }
  const sources = new RunsFolder(folder, { tools: null, onTrouble });
  await sources.refresh();
  assert.equal(sources.runs().length, 5);
  assert.ok(sources.find('a~b')?.folder?.endsWith(join('a', 'b')));
});
