import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStageProgress } from './stage-progress.js';

function record(isTTY: boolean, json: boolean) {
  const written: string[] = [];
  let now = 0;
  const output = { isTTY, write: (text: string) => written.push(text) };
  const progress = openStageProgress(output, json, () => now);
  return { written, progress, at: (time: number) => (now = time) };
}

test('a log gets one line for a stage, however often it reports', () => {
  const { written, progress } = record(false, false);
  for (const fraction of [0.1, 0.5, 1]) progress.update({ stage: 'items', fraction });
  progress.update({ stage: 'write', fraction: 0 });
  progress.end();
  assert.deepEqual(written, ['items\n', 'write\n']);
});

test('a machine gets one JSON object a stage, on a terminal as well', () => {
  const { written, progress } = record(true, true);
  progress.update({ stage: 'items', fraction: 0.5 });
  progress.update({ stage: 'items', fraction: 1 });
  progress.end();
  assert.deepEqual(
    written.map((line) => ({ ...JSON.parse(line), time: 'now' })),
    [{ kind: 'progress', time: 'now', stage: 'items', fraction: 0.5 }],
  );
});

test('a terminal is redrawn at a bounded rate, but the end of a stage is always shown', () => {
  // Catches a redraw per row, which is slower than the import itself.
  const { written, progress, at } = record(true, false);
  for (let i = 0; i < 50; i++) {
    at(i);
    progress.update({ stage: 'items', fraction: i / 50 });
  }
  assert.equal(written.length, 1);
  at(51);
  progress.update({ stage: 'items', fraction: 1 });
  assert.match(written.at(-1)!, /100 %$/);
  progress.end();
  assert.equal(written.at(-1), '\n');
});
