import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../shared/ids.js';
import { StragglerWatch, stragglerText } from './find-straggler.js';

const [a, b, c] = ['a', 'b', 'c'].map(workerId) as [never, never, never];
const times = (users: number, wait: number, lanes = 1) => ({
  phaseSeconds: { users, reduce: 0.1 + wait },
  waitSeconds: wait,
  lanes,
});

// Would catch the one that waits being taken for the one that is waited for, and a line at every step.
test('whoever computes half as long again as the others is named once, with its phase', () => {
  const watch = new StragglerWatch();
  const told: string[] = [];
  for (let step = 0; step < 60; step++) {
    const straggler = watch.recorded([
      { worker: a, report: times(0.2, 0.8) },
      { worker: b, report: times(1, 0) },
      { worker: c, report: times(0.25, 0.75) },
    ]);
    if (straggler !== null) told.push(stragglerText(straggler));
  }
  assert.deepEqual(told, [
    'b holds up the others: a lane of a step takes it 1.1 s of computing, and them 0.35 s, ' +
      'most of it in "users"',
  ]);
  assert.equal(watch.named, b);
});

// Would catch a warning about ordinary scatter, and one about a single worker.
test('equals and lone workers are not named', () => {
  const watch = new StragglerWatch();
  for (let step = 0; step < 40; step++) {
    assert.equal(
      watch.recorded([
        { worker: a, report: times(0.2 + (step % 3) / 50, 0) },
        { worker: b, report: times(0.22, 0) },
      ]),
      null,
    );
  }
  for (let step = 0; step < 40; step++) {
    assert.equal(watch.recorded([{ worker: a, report: times(5, 0) }]), null);
  }
  for (let step = 0; step < 40; step++) {
    // Twice the lanes take twice the time.
    const shares = [
      { worker: a, report: times(0.2, 0.4) },
      { worker: b, report: times(0.5, 0, 2) },
    ];
    assert.equal(watch.recorded(shares), null);
  }
});
