import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { pointsOf } from '../../../shared/history/line-points.js';
import { committedLineOf, startedLineOf } from '../../../shared/history/line-points-fixture.js';
import { pointsRecord, restartRecord, versionRecord } from './event-records.js';
import { TensorboardExporter, tensorboardFolderOf } from './tensorboard-exporter.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-tensorboard-'));
after(() => rmSync(root, { recursive: true }));
let runs = 0;
const newOutput = (): string => {
  const output = mkdtempSync(join(root, `run-${runs++}-`));
  return output;
};

const exported = (line: HistoryLine) => ({ line, points: pointsOf(line) });
const committed = (step: number) => exported(committedLineOf(step));
const secondsOf = (line: HistoryLine): number => Date.parse(line.time) / 1000;
const recordOf = (step: number): Buffer => {
  const line = committedLineOf(step);
  return pointsRecord({ seconds: secondsOf(line), step }, pointsOf(line));
};

function eventsOf(output: string): Buffer {
  const folder = tensorboardFolderOf(output);
  const names = readdirSync(folder).filter((name) => name.includes('tfevents'));
  assert.equal(names.length, 1, names.join());
  return readFileSync(join(folder, names[0] as string));
}

const first = startedLineOf(0);
const head = versionRecord(secondsOf(first));

// Would catch bytes of a killed process that stay in the middle of the file, and points that are doubled or lost.
test('a file is continued where its cursor says, and what a kill left behind it goes', async () => {
  const output = newOutput();
  const before = new TensorboardExporter({ output, run: 't1' });
  assert.deepEqual(await before.open(), new Map());
  await before.send([exported(first), committed(1)]);
  const folder = tensorboardFolderOf(output);
  const name = readdirSync(folder).find((found) => found.includes('tfevents')) as string;
  appendFileSync(join(folder, name), recordOf(2).subarray(0, 40));
  const next = new TensorboardExporter({ output, run: 't1' });
  assert.equal((await next.open()).get('loss/train'), 1);
  await next.send([committed(2)]);
  assert.ok(eventsOf(output).equals(Buffer.concat([head, recordOf(1), recordOf(2)])));
});

// Would catch a curve in which steps of two attempts lie beside each other.
test('where steps are gone over again, readers are told to forget them', async () => {
  const output = newOutput();
  const exporter = new TensorboardExporter({ output, run: 't1' });
  await exporter.open();
  await exporter.send([exported(first), committed(1), committed(2), committed(3)]);
  const again = startedLineOf(1);
  await exporter.send([exported(again), committed(2)]);
  const forget = restartRecord({ seconds: secondsOf(again), step: 2 });
  const before = [head, recordOf(1), recordOf(2), recordOf(3)];
  assert.ok(eventsOf(output).equals(Buffer.concat([...before, forget, recordOf(2)])));
});

// Would catch the curves of an earlier run in the same folder that stay in the picture, and a folder in which
// other files are removed.
test('another run in the folder begins anew', async () => {
  const output = newOutput();
  const before = new TensorboardExporter({ output, run: 't1' });
  await before.open();
  await before.send([exported(first), committed(1)]);
  writeFileSync(join(tensorboardFolderOf(output), 'notes.txt'), 'mine');
  const next = new TensorboardExporter({ output, run: 't2' });
  assert.deepEqual(await next.open(), new Map());
  await next.send([exported(first), committed(1)]);
  assert.ok(eventsOf(output).equals(Buffer.concat([head, recordOf(1)])));
  assert.ok(readdirSync(tensorboardFolderOf(output)).includes('notes.txt'));
});
