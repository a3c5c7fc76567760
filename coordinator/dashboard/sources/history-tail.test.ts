import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { historyLineBytes } from '../../../process/history/read-history.js';
import { HistoryTail } from './history-tail.js';
import { readStep } from './step-line.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-tail-'));
after(() => rmSync(folder, { recursive: true }));

const time = '2026-01-02T03:04:05.678Z';
const step = (committed_steps: number): string =>
  `${JSON.stringify({ kind: 'committed', time, committed_steps, stage: null, loss: committed_steps / 2, top1: 0.5 })}\n`;
const warning = (text: string): string =>
  `${JSON.stringify({ kind: 'warning', time, committed_steps: 1, text })}\n`;

function follow(name: string) {
  const path = join(folder, name);
  const told: string[] = [];
  const tail = new HistoryTail(path, {
    onRestart: () => told.push('restart'),
    onLine: (line) => told.push(line.kind === 'warning' ? line.text : line.kind),
    onStep: ({ committedSteps, values }) => told.push(`${committedSteps}:${values.loss}`),
  });
  const next = async (): Promise<string[]> => {
    await tail.refresh();
    return told.splice(0);
  };
  return { path, next };
}

// Would catch half a line that is told, and a line that is told twice or never.
test('whole lines are told once, whenever they come', async () => {
  const { next, path } = follow('grows.jsonl');
  assert.deepEqual(await next(), []);
  writeFileSync(path, `${step(1)}${warning('careful')}{"kind":"comm`);
  assert.deepEqual(await next(), ['1:0.5', 'careful']);
  assert.deepEqual(await next(), []);
  truncateSync(path, Buffer.byteLength(`${step(1)}${warning('careful')}`));
  appendFileSync(path, step(2));
  assert.deepEqual(await next(), ['2:1']);
});

// Would catch curves that have the steps of both attempts of a resumed run.
test('a file that was cut is told again from its beginning, also when it has grown since', async () => {
  const { next, path } = follow('cut.jsonl');
  writeFileSync(path, `${step(1)}${step(2)}`);
  await next();
  truncateSync(path, Buffer.byteLength(step(1)));
  appendFileSync(path, `${warning('resumed')}${step(2)}${step(3)}`);
  assert.deepEqual(await next(), ['restart', '1:0.5', 'resumed', '2:1', '3:1.5']);
});

test('lines of no history are passed over', async () => {
  const { next, path } = follow('strange.jsonl');
  writeFileSync(path, `\nnonsense\n{"kind":"committed","committed_steps":"1"}\n${step(4)}`);
  assert.deepEqual(await next(), ['4:2']);
});

// Would catch a fast reading that tells other losses than the whole one.
test('the loss is the same whether a step is read whole or in part', () => {
  const [before, line] = [step(6), step(7).trimEnd()];
  const data = Buffer.from(`${before}${line}\n${step(8)}`);
  const [start, end] = [before.length, before.length + line.length];
  const [whole, part] = [readStep(data, start, end, true), readStep(data, start, end, false)];
  assert.equal(whole?.committedSteps, 7);
  assert.equal(whole?.values.loss, part?.values.loss);
  assert.equal(whole?.committedSteps, part?.committedSteps);
  assert.equal(whole?.time, Date.parse(time));
  assert.equal(part?.time, null);
  assert.equal(readStep(Buffer.from('{"kind":"phases","x":1}'), 0, 23, true), null);
  // The next line's loss is none of this one's.
  const short = '{"kind":"committed","committed_steps":7}';
  const two = Buffer.from(`${short}\n${line}`);
  assert.equal(readStep(two, 0, short.length, false), null);
});

// Would catch a fast reading of digits that is wrong for a sign, an exponent or a long number.
test('a loss that is read fast is the one that was written, but for its last bits', () =>
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (loss) => {
      const line = JSON.stringify({ kind: 'committed', committed_steps: 1, loss, more: 0 });
      const read = readStep(Buffer.from(line), 0, line.length, false)?.values.loss ?? Number.NaN;
      assert.ok(Math.abs(read - loss) <= 4 * Number.EPSILON * Math.abs(loss), `${loss}: ${read}`);
    }),
  ));

// Would catch one line that no time can be read of, behind which nothing of the run is ever shown again.
test('a step at no time, or at no step, is no step', async () => {
  const { next, path } = follow('no-time.jsonl');
  const broken = [
    step(2).replace(time, 'yesterday'),
    step(2).replace('"committed_steps":2', '"committed_steps":1e309'),
    step(2).replace('"committed_steps":2', '"committed_steps":-0.5'),
  ];
  writeFileSync(path, `${step(1)}${broken.join('')}${step(3)}`);
  assert.deepEqual(await next(), ['1:0.5', '3:1.5']);
});

test('a loss beyond all numbers is none', async () => {
  const { next, path } = follow('infinite.jsonl');
  writeFileSync(path, `${step(1).replace('"loss":0.5', '"loss":1e309')}${step(2)}`);
  assert.deepEqual(await next(), ['1:undefined', '2:1']);
});

// Would catch a file of no lines that is read whole, into memory, at every look.
test('a line that is too long to be one of ours is passed over, however it comes', async () => {
  const { next, path } = follow('long.jsonl');
  const part = 'x'.repeat(historyLineBytes);
  writeFileSync(path, `${step(1)}${part}${part}`);
  assert.deepEqual(await next(), ['1:0.5']);
  appendFileSync(path, part);
  assert.deepEqual(await next(), []);
  appendFileSync(path, `x\n${step(2)}`);
  assert.deepEqual(await next(), ['2:1']);
});

// Would catch a run begun again in its folder, whose first look has as many bytes as the run before it.
test('a file that took the place of another one of its length is told from its beginning', async () => {
  const { next, path } = follow('replaced.jsonl');
  writeFileSync(path, step(1));
  await next();
  writeFileSync(`${path}.new`, step(5).replace('2.5', '0.5'));
  renameSync(`${path}.new`, path);
  assert.deepEqual(await next(), ['restart', '5:0.5']);
});

test('what is no file is refused, and not waited for', async () => {
  mkdirSync(join(folder, 'folder.jsonl'));
  await assert.rejects(follow('folder.jsonl').next(), /folder.jsonl: it is no file/);
});
