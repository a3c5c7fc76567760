import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pointsRecord, versionRecord } from '../../process/exporters/tensorboard/event-records.js';
import { historyFileOf } from '../../process/history/run-history.js';
import { pointsOf } from '../../shared/history/line-points.js';
import {
  committedLineOf,
  evaluatedLineOf,
  historyLineOf,
  startedLineOf,
  textOf,
} from '../../shared/history/line-points-fixture.js';
import { UsageError } from '../usage-error.js';
import { historyCommand } from './history.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-history-command-'));
after(() => rmSync(root, { recursive: true }));

const lines = [historyLineOf(), startedLineOf(0), committedLineOf(1), committedLineOf(2)];

function newRun(name: string, text: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(historyFileOf(folder), text);
  return folder;
}

const csvOf = async (run: string): Promise<string[][]> => {
  const output = join(root, 'table.csv');
  await historyCommand([run, '--format', 'csv', '--output', output, '--json']);
  return readFileSync(output, 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => row.split(','));
};

// Would catch columns that shift where a line lacks a number, half a line that ends the command, and a
// second call that fails or appends.
test('a table has a row for each line with numbers, and grows with the run', async () => {
  const run = newRun('table', `${textOf(lines)}{"kind":"committed","ti`);
  const [columns = [], ...rows] = await csvOf(run);
  assert.deepEqual(columns.slice(0, 4), ['committed_steps', 'time', 'stage', 'loss/train']);
  assert.deepEqual(
    rows.map((row) => [row[0], row[3]]),
    [
      ['1', '10'],
      ['2', '5'],
    ],
  );
  writeFileSync(historyFileOf(run), textOf([...lines, evaluatedLineOf(2), committedLineOf(3)]));
  const [wider = [], ...more] = await csvOf(run);
  const recall = wider.indexOf('recall@10/validation');
  assert.deepEqual(
    more.map((row) => [row.length, row[0], row[3], row[recall]]),
    [
      [wider.length, '1', '10', ''],
      [wider.length, '2', '5', ''],
      [wider.length, '2', '', '0.25'],
      [wider.length, '3', String(10 / 3), ''],
    ],
  );
});

// Would catch an event file that a second call doubles, and steps or times that are not the line's.
test('an event file has each point once, however often it is written', async () => {
  const run = newRun('events', textOf(lines));
  const output = join(root, 'board');
  const convert = () =>
    historyCommand([run, '--format', 'tensorboard', '--output', output, '--json']);
  await convert();
  const third = committedLineOf(3);
  appendFileSync(historyFileOf(run), textOf([third]));
  await convert();
  const names = readdirSync(output);
  assert.deepEqual(names, ['events.out.tfevents.1767323045.t0123456789abcdef']);
  const recordOf = (line: typeof third) =>
    pointsRecord(
      { seconds: Date.parse(line.time) / 1000, step: line.committed_steps },
      pointsOf(line),
    );
  const written = readFileSync(join(output, names[0] as string));
  const steps = [1, 2, 3].map((step) => recordOf(committedLineOf(step)));
  assert.ok(written.equals(Buffer.concat([versionRecord(1767323045), ...steps])));
});

// Would catch two runs whose curves TensorBoard mixes into one.
test('a folder that has another run is refused', async () => {
  const output = join(root, 'taken');
  mkdirSync(output);
  writeFileSync(join(output, 'events.out.tfevents.1.other'), '');
  const run = newRun('second', textOf(lines));
  const words = [run, '--format', 'tensorboard', '--output', output];
  await assert.rejects(historyCommand(words), /it has events.out.tfevents.1.other, of another run/);
});

// Would catch a defect's stack where the user has named something else.
test('what is no history is refused in words', async () => {
  const words = (run: string) => [run, '--format', 'csv', '--output', join(root, 'x')];
  await assert.rejects(historyCommand(words(join(root, 'none'))), UsageError);
  const other = newRun('other', '{"kind":"ledger"}\n');
  await assert.rejects(historyCommand(words(other)), /its first line must be that of a history/);
  await assert.rejects(historyCommand([root]), /--format must be one of csv, tensorboard/);
});
