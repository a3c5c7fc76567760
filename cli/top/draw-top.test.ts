import assert from 'node:assert/strict';
import { test } from 'node:test';
import { committed, look, member, phases, started } from '../output/live/live-fixture.js';
import { visibleWidth } from '../output/live/look.js';
import { drawTop } from './draw-top.js';
import { TopState } from './top-state.js';

const at = '2026-01-02T03:04:05.678Z';

function watched(workers = 2): TopState {
  const state = new TopState('books on nats://one:4222', '/elsewhere');
  const names = Array.from({ length: workers }, (_, i) => `worker-${i}`);
  state.onEvent(started(names), at);
  for (let step = 0; step < 57; step++) state.onEvent(committed(step, 7 - step / 40), at);
  state.onEvent(phases(names.map((name, i) => member(name, i === 1 ? 0.95 : 0.6))), at);
  state.onEvent({ kind: 'notice', text: 'worker-2 stands by' }, at);
  return state;
}

// Would catch a screen of which the first or the last row is lost, and rows of an older screen that stay.
test('the view fills the screen, and its last row says how it is left', () => {
  const lines = drawTop(watched(), look({ columns: 80, rows: 14 }));
  assert.equal(lines.length, 14);
  assert.equal(lines[0], 'books on nats://one:4222  step 57 of 228');
  assert.match(lines[2] ?? '', /^█+░+ step {2}57\/228 {2}25%/);
  assert.match(lines.join('\n'), /worker-1 .* waited for\n/);
  assert.deepEqual(lines.slice(9, 11), [
    '03:04:05 training steps 1 to 228 on 2 workers',
    '03:04:05 worker-2 stands by',
  ]);
  assert.equal(lines.at(-1), 'q leaves this view; the run goes on');
});

// Would catch a terminal that scrolls because of a line too many or too long.
test('the view fits a terminal of any size', () => {
  const state = watched(70);
  for (let columns = 1; columns <= 120; columns += 7) {
    for (let rows = 1; rows <= 60; rows += 3) {
      const lines = drawTop(state, look({ columns, rows, colour: true }));
      assert.equal(lines.length, rows);
      for (const line of lines) assert.ok(visibleWidth(line) <= columns, line);
    }
  }
});

// Would catch an end that is not seen, and one that stays when the run goes on.
test('the end of a run is shown until it goes on', () => {
  const state = watched();
  state.onEnd('failed after step 57: no memory: fewer lanes', at);
  const ended = drawTop(state, look({ rows: 20 }));
  assert.equal(ended[0], 'books on nats://one:4222  failed after step 57');
  assert.equal(ended.at(-1), 'q leaves this view; the run is over');
  assert.ok(ended.includes('03:04:05 failed after step 57: no memory: fewer lanes'));
  state.onEvent(started(['worker-0']), at);
  assert.match(drawTop(state, look({ rows: 20 })).at(-1) ?? '', /the run goes on$/);
});

// Would catch a snapshot with rows of nothing below it, and one that leaves workers out.
test('a snapshot has all workers and no keys', () => {
  const lines = drawTop(watched(70), look({ rows: 10 }), true);
  assert.equal(lines.filter((line) => line.startsWith('worker-')).length, 70);
  assert.ok(!lines.some((line) => line.startsWith('q ')));
  assert.notEqual(lines.at(-1), '');
});

// Would catch a notice of somebody else's program that a terminal obeys.
test('what happened is printed and not obeyed', () => {
  const state = watched();
  state.onEvent({ kind: 'notice', text: '\u001b[2Jgone' }, at);
  assert.ok(drawTop(state, look({ rows: 20 })).includes('03:04:05 \\u{1b}[2Jgone'));
});
