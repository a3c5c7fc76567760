import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lane, step } from '../../../shared/ids.js';
import { OutOfMemoryError, withinMemory } from './out-of-memory-error.js';

// Would catch an error that leaves the user with a kernel's name and nothing to change.
test('an engine that is out of memory names the lane, what was asked for and what to change', () => {
  const cause = Object.assign(new Error('Cannot run kernel X: out of memory: 900 MiB asked for'), {
    code: 'OUT_OF_MEMORY',
  });
  assert.throws(
    () =>
      withinMemory(step(7), lane(3), () => {
        throw cause;
      }),
    (error: OutOfMemoryError) => {
      assert.match(error.message, /lane 3 of step 7.*900 MiB asked for.*more lanes.*activations/);
      assert.equal(error.cause, cause);
      return error instanceof OutOfMemoryError;
    },
  );
});

// Would catch a wrong shape that is reported as a lack of memory.
test('any other error passes as it is', () => {
  const other = new Error('shapes');
  const throwing = () => {
    throw other;
  };
  assert.throws(
    () => withinMemory(step(0), lane(0), throwing),
    (error) => error === other,
  );
  assert.equal(
    withinMemory(step(0), lane(0), () => 5),
    5,
  );
});
