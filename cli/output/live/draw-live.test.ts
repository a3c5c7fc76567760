import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawLive } from './draw-live.js';
import { committed, look, member, phases, started, trained } from './live-fixture.js';
import { LiveState } from './live-state.js';
import { visibleWidth } from './look.js';

// Would catch a number that is lost, a bar that is not to scale, and an ETA that counts what is done.
test('on 80 columns everything is there', () => {
  assert.deepEqual(drawLive(trained(), look()), [
    '█████░░░░░░░░░░░░░░░░░░ step  57/228  25%  ETA 1:26',
    'loss 6.0000 ███▇▇▇▇▇▇▆▆▆▆▆▅▅▅▅▅▅▄▄▄▄▄▄▃▃▃▃▃▂▂▂▂▂▂▁▁▁  1,681 negatives',
    '128 users/s  2.0 steps/s  40,000 tokens/s  2 workers  generation 1',
    // Of 33 characters, which are a second: 0.3 s are 10, 0.15 s are 5, and 0.4 s are 13.
    'worker-0    2 lanes  eeeeeeeeeeuuuuuiiiii·············  waits 40%',
    'worker-1    2 lanes  eeeeeeeeeeeeeeeeuuuuuuuuiiiiiii··  waits  5%  ◀ waited for',
    'p plan  e encode  u users  i items  o optimizer  x exchange  · waits',
  ]);
});

// Would catch a view that wraps, or one of which a narrow terminal leaves only the bar.
test('on 40 columns what matters most stays', () => {
  assert.deepEqual(drawLive(trained(), look({ columns: 39 })), [
    '██░░░░░░░░░ step  57/228  25%  ETA 1:26',
    'loss 6.0000 ██▇▇▇▇▆▆▆▆▅▅▅▅▄▄▄▃▃▃▃▂▂▂▂▁▁',
    '128 users/s  2.0 steps/s',
    'worker-0  eeeeeeuuuiiii········  40%',
    'worker-1  eeeeeeeeeeuuuuuiiiii·   5%  ◀',
    'e encode u users i items x exch · waits',
  ]);
});

// Would catch a line that wraps on a terminal of any size, and more lines than there is room for.
test('no line is wider and no view higher than the terminal', () => {
  const state = trained();
  const members = Array.from({ length: 30 }, (_, i) => `a-worker-with-a-long-name-${i}`);
  state.take({
    ...{ kind: 'generation', generation: 3, members, planned: true, reason: '' },
    committedSteps: 57,
  });
  state.take(phases(members.map((name, i) => member(name, i === 17 ? 0.9 : 0.5))));
  for (let columns = 1; columns <= 120; columns++) {
    for (const rows of [0, 1, 2, 5, 12, 50]) {
      for (const colour of [false, true]) {
        const lines = drawLive(state, look({ columns, rows, colour }));
        assert.ok(lines.length <= rows);
        for (const line of lines) assert.ok(visibleWidth(line) <= columns, `${columns}: ${line}`);
      }
    }
  }
});

// Would catch the slowest of many, of whom it matters most, left out for want of room.
test('where not all members have room, the one that is waited for is shown', () => {
  const state = new LiveState();
  const members = Array.from({ length: 30 }, (_, i) => `worker-${i}`);
  state.take(started(members));
  state.take(phases(members.map((name, i) => member(name, i === 17 ? 0.9 : 0.5))));
  const lines = drawLive(state, look({ rows: 5 }));
  assert.equal(lines.length, 5);
  assert.match(lines.at(-1) ?? '', /^and 28 more$/);
  assert.ok(lines.some((line) => /^worker-17 .*waited for/.test(line)));
});

// Would catch colours for someone who wants none, and characters that the terminal cannot show.
test('without colour and Unicode the view is plain ASCII', () => {
  const text = drawLive(trained(), look({ unicode: false })).join('\n');
  assert.match(text, /^[\u0020-\u007e\n]+$/);
  assert.match(text, /^#####-+ step {2}57\/228/);
  assert.ok(
    drawLive(trained(), look({ colour: true }))
      .join('')
      .includes('\u001b[36m'),
  );
});

// Would catch an evaluation that is drawn as training that stands still, or the other way round.
test('the first line says what the run does now', () => {
  const first = (state: LiveState): string => drawLive(state, look())[0] ?? '';
  const state = trained();
  state.take({ kind: 'evaluating', done: 5, total: 1886 });
  assert.match(first(state), /^░+ evaluating 5\/1,886 users$/);
  // A bar neither overflows nor divides by nothing.
  state.take({ kind: 'encoding', done: 9, total: 4 });
  assert.match(first(state), /^█{23} encoding 9\/4 items$/);
  state.take({ kind: 'encoding', done: 0, total: 0 });
  assert.match(first(state), /^█{23} encoding 0\/0 items$/);
  state.take(committed(57, 6));
  assert.match(first(state), / step {2}58\/228/);
  state.take({ kind: 'waiting', reason: '1 of at least 2 workers' });
  assert.equal(first(state), 'waiting: 1 of at least 2 workers');
});

// Would catch two equal workers of whom one is blamed, and a lone one that waits for itself.
test('nobody is waited for where nobody is slower', () => {
  for (const members of [[member('a', 0.9), member('b', 0.88)], [member('a', 0.9)]]) {
    const state = new LiveState();
    state.take(started(members.map(({ worker }) => worker)));
    state.take(phases(members));
    assert.ok(!drawLive(state, look()).join('\n').includes('waited for'));
  }
});

// Would catch times of members that are gone, shown for those that have come.
test('times of an older membership are not shown', () => {
  const state = trained();
  state.take({
    ...{ kind: 'generation', generation: 2, members: ['worker-0', 'worker-2'], planned: false },
    ...{ reason: 'worker-1 is lost', committedSteps: 57 },
  });
  const text = drawLive(state, look()).join('\n');
  assert.ok(!text.includes('worker-1') && !text.includes('waits'));
  assert.match(text, /^worker-2$/m);
  // At the end of a membership its last times are told.
  state.take(phases([member('worker-0', 0.6), member('worker-1', 0.95)], 1));
  assert.equal(drawLive(state, look()).join('\n'), text);
});

// Would catch a rate of the replayed past, read in milliseconds, and one that counts a cold first step.
test('the rate is that of the steps, however fast they are told', () => {
  const state = new LiveState();
  state.take(started(['a']));
  state.take(committed(0, 7, 30));
  assert.equal(state.rate, null);
  for (let step = 1; step < 100; step++) state.take(committed(step, 7, 2));
  assert.deepEqual(state.rate, { secondsPerStep: 2, usersPerSecond: 32, tokensPerSecond: 10_000 });
});

// Would catch losses of a run before, as of `lockstep chaos`, drawn as those of this one.
test('where steps are gone over again, older ones are not drawn', () => {
  const state = trained();
  state.take(started(['worker-0']));
  assert.deepEqual([state.committedSteps, state.losses, state.rate], [0, [], null]);
  assert.ok(!drawLive(state, look()).join('\n').includes('loss'));
});

// Would catch a worker whose name renames the terminal of whoever watches, or stops it.
test('a name is shown and not obeyed', () => {
  const state = trained();
  state.take(started(['\u001b]0;mine\u0007', 'worker-1\u202e']));
  const [first, second] = drawLive(state, look()).slice(-2);
  assert.match(String(first), /^\\u\{1b\}\]0;mine/);
  assert.match(String(second), /^worker-1\\u\{202e\}/);
});
