import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lastJson, testCounts } from './read-output.js';

// Would catch a warning behind the result that hides it.
it('finds the last line of JSON among other lines', () => {
  assert.deepEqual(lastJson('{"a":1}\nstep 1/2\n{"a":2}\nwarning: x\n'), { a: 2 });
  assert.equal(lastJson('nothing\n'), null);
  assert.equal(lastJson('{ not json }\n'), null);
});

it('reads the counts of the test runner', () => {
  const output = '✔ a (1ms)\nℹ tests 5\nℹ pass 3\nℹ fail 0\nℹ cancelled 0\nℹ skipped 2\nℹ todo 0\n';
  assert.deepEqual(testCounts(output), { pass: 3, fail: 0, skipped: 2 });
});

// Would catch a runner that was ended, and whose missing failures look like none.
it('reads no counts where the runner did not get to its end', () => {
  assert.equal(testCounts('✔ a (1ms)\n'), null);
});
