import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  firstCommitTimeout,
  peerTimeout,
  progressFloor,
  progressWindow,
  quietWorkTimeout,
} from '../shared/limits.js';
import { millis } from '../shared/units.js';
import { type Activity, decideProgress, ProgressWatch, seconds } from './progress.js';

const after = (silentFor: number, activity: Activity, ...recent: number[]) =>
  decideProgress(millis(1000 + silentFor), {
    activity,
    since: millis(1000),
    recent: recent.map(millis),
  });

// Would catch a run that stands still for ever, and one that is ended because its steps are long.
test('what is normal follows from the steps of the job', () => {
  const bound = progressFloor + 20 * 90_000;
  assert.equal(after(bound / 2 - 1, 'training', 1000, 90_000, 2000).kind, 'moving');
  assert.equal(after(bound / 2, 'training', 1000, 90_000, 2000).kind, 'late');
  assert.equal(after(bound - 1, 'training', 1000, 90_000, 2000).kind, 'late');
  assert.deepEqual(after(bound, 'training', 1000, 90_000, 2000), {
    kind: 'none',
    silentFor: bound,
    bound,
    reason: '360 s and 20 times the slowest of the last 3 steps, 90 s',
  });
});

// Would catch an end before the members that wait for one of them can name it.
test('a member that waits for a peer speaks first', () => {
  assert.ok(progressFloor > peerTimeout);
});

// Would catch the bound of a step for what is no step: the first one loads and compiles, an evaluation
// goes over all users.
test('the first two steps and an evaluation have bounds of their own', () => {
  for (const activity of ['the first step', 'training'] as const) {
    assert.equal(after(firstCommitTimeout - 1, activity).kind, 'late');
    assert.equal(after(firstCommitTimeout, activity).kind, 'none');
  }
  assert.equal(after(quietWorkTimeout - 1, 'evaluation', 1).kind, 'late');
  assert.equal(after(quietWorkTimeout, 'evaluation', 1).kind, 'none');
});

// Would catch a healthy run that is ended: no step is slower than 20 of the slowest before it.
test('steps of any regular length never look like a standstill', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 2, maxLength: 150 });
  fc.assert(
    fc.property(steps, (durations) => {
      const watch = new ProgressWatch(millis(0));
      watch.ready(millis(0), 1000);
      let now = 0;
      let slowest = 0;
      for (const [index, duration] of durations.entries()) {
        const usual = index < 2 ? duration : Math.min(duration, progressFloor / 2 + 9 * slowest);
        now += usual;
        assert.equal(decideProgress(millis(now - 1), watch.reading).kind === 'none', false);
        watch.committed(millis(now), 1000);
        slowest = Math.max(0, ...watch.reading.recent);
      }
      assert.ok(watch.reading.recent.length <= progressWindow);
    }),
  );
});

// Would catch a first step, with all that is loaded in it, that makes every later bound long.
test('the first step says nothing of the others, and the last one is followed by an evaluation', () => {
  const watch = new ProgressWatch(millis(0));
  assert.equal(watch.reading.activity, 'the first step');
  watch.ready(millis(100), 3);
  watch.committed(millis(900_000), 2);
  assert.deepEqual(watch.reading, { activity: 'training', since: 900_000, recent: [] });
  watch.committed(millis(900_050), 1);
  assert.deepEqual(watch.reading.recent, [50]);
  watch.evaluating(millis(900_060));
  assert.equal(watch.reading.activity, 'evaluation');
  // A step that comes after an evaluation is not as long as the evaluation.
  watch.committed(millis(1_900_000), 1);
  assert.deepEqual(watch.reading, { activity: 'training', since: 1_900_000, recent: [50] });
  watch.committed(millis(1_900_070), 0);
  assert.equal(watch.reading.activity, 'evaluation');
  watch.heard(millis(2_000_000));
  assert.equal(watch.reading.since, 2_000_000);
});

test('durations are said in seconds', () => {
  assert.deepEqual([42, 600, 1500, 90_000, 372_000, 1_800_000].map(seconds), [
    '0.042 s',
    '0.6 s',
    '1.5 s',
    '90 s',
    '372 s',
    '1800 s',
  ]);
});
