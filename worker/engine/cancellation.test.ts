import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cancellation, ComputationCancelledError } from './cancellation.js';

/** As two threads have it. */
function pair(): { main: Cancellation; thread: Cancellation } {
  const main = new Cancellation();
  return { main, thread: new Cancellation(main.shared) };
}

const isCancelled = (thread: Cancellation): boolean => {
  try {
    thread.require('MatMul');
    return false;
  } catch (error) {
    assert.ok(error instanceof ComputationCancelledError);
    return true;
  }
};

// Would catch an abort that hits the generation that comes next, or one that is forgotten when the next is
// entered too early.
test('a generation is cancelled with all older ones, and no newer one', () => {
  const { main, thread } = pair();
  thread.computeFor(0);
  assert.equal(isCancelled(thread), false);
  main.cancel(4);
  main.cancel(2);
  for (const [generation, expected] of [
    [2, true],
    [4, true],
    [5, false],
  ] as const) {
    thread.computeFor(generation);
    assert.equal(isCancelled(thread), expected, `generation ${generation}`);
    assert.equal(thread.isCancelled(generation), expected);
  }
});

// Would catch a state that is loaded between two generations and is cut off by the abort of the first.
test('what is computed for no generation ends only with the thread', () => {
  const { main, thread } = pair();
  main.cancel(1000);
  thread.computeFor(null);
  assert.equal(isCancelled(thread), false);
  main.cancel();
  assert.equal(isCancelled(thread), true);
});

// Would catch an update of which a half is applied.
test('what must be whole is not cancelled, and what follows it is', () => {
  const { main, thread } = pair();
  thread.computeFor(1);
  const result = thread.shield(() => {
    main.cancel(1);
    thread.require('Adam');
    return 'whole';
  });
  assert.equal(result, 'whole');
  assert.equal(isCancelled(thread), true);
  assert.throws(() =>
    thread.shield(() => {
      throw new Error('as it is');
    }),
  );
  assert.equal(isCancelled(thread), true);
});
