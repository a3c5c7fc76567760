import assert from 'node:assert/strict';
import { test } from 'node:test';
import { millis } from '../../../shared/units.js';
import { Outbox, outboxReports, resendAfter, resendReports } from './outbox.js';

const incarnation = '1'.repeat(16);
const notice = (text: string) => ({ kind: 'notice' as const, text });
const heard = (fence: number, number: number, of = incarnation) => ({
  fence,
  heard: [{ worker: 'a', incarnation: of, number }],
});
const numbers = (outbox: Outbox, now: number) =>
  outbox.due(millis(now)).map(({ number, oldest }) => [number, oldest]);

// Would catch a fact that is lost with one message, or a network full of repetitions.
test('a report is said at once, again after a second, and no more once it is recorded', () => {
  const outbox = new Outbox(incarnation);
  outbox.add(1, notice('first'));
  outbox.add(1, notice('second'));
  assert.deepEqual(numbers(outbox, 0), [
    [1, 1],
    [2, 1],
  ]);
  assert.deepEqual(numbers(outbox, resendAfter - 1), []);
  outbox.hear(heard(1, 1), 'a');
  assert.ok(outbox.isHeard(1) && !outbox.isHeard(2));
  assert.deepEqual(numbers(outbox, resendAfter), [[2, 2]]);
  outbox.hear(heard(1, 2), 'a');
  assert.ok(outbox.isEmpty);
});

// Would catch a fact that was on its way to a leader who died, and one that a deposed leader took.
test('a new leader is told everything again at once, and a deposed one takes nothing', () => {
  const outbox = new Outbox(incarnation);
  outbox.add(1, notice('first'));
  outbox.due(millis(0));
  outbox.hear({ fence: 2, heard: [] }, 'a');
  assert.deepEqual(numbers(outbox, 1), [[1, 1]]);
  outbox.hear(heard(1, 1), 'a');
  assert.ok(!outbox.isEmpty);
});

// Would catch the reports of a process that died taken for those of the one that follows it.
test('what another incarnation has said is not what this one has', () => {
  const outbox = new Outbox(incarnation);
  outbox.add(1, notice('first'));
  outbox.hear(heard(1, 9, '2'.repeat(16)), 'a');
  assert.ok(!outbox.isEmpty);
});

// Would catch a memory that grows while nobody leads, and a leader that is flooded when it comes back.
test('it says when it is full, drops nothing, and sends a few at a time', () => {
  const outbox = new Outbox(incarnation);
  for (let index = 0; index < outboxReports; index++) {
    assert.equal(outbox.isFull, false);
    outbox.add(1, notice(`${index}`));
  }
  assert.ok(outbox.isFull);
  assert.equal(outbox.due(millis(0)).length, resendReports);
  assert.equal(numbers(outbox, 1)[0]?.[0], resendReports + 1);
  outbox.hear(heard(1, 1), 'a');
  assert.ok(!outbox.isFull);
});
