import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { readChaosArguments } from './chaos-arguments.js';

// Would catch faults that happen although only one kind was asked for.
test('without any fault all happen, with some only those', () => {
  assert.deepEqual(Object.keys(readChaosArguments(['job.yaml'])?.intervals ?? {}).sort(), [
    ...['coordinator', 'hang', 'kill', 'nats'],
  ]);
  const given = readChaosArguments(['job.yaml', '--kill', '500ms', '--duration', '1.5m']);
  assert.deepEqual(given?.intervals, { kill: 500 });
  assert.equal(given?.duration, 90_000);
});

// Would catch a time that is read as another one: ten thousand kills a second, or none in a day.
test('a time without a unit, of nothing or of another form is refused by its option', () => {
  for (const text of ['10', 's', '-1s', '0s', '1e3s', '10 s', '']) {
    assert.throws(
      () => readChaosArguments(['job.yaml', '--hang', text]),
      (error: Error) => error instanceof UsageError && error.message.includes('--hang'),
      text,
    );
  }
});
