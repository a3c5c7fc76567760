import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff } from './backoff.js';
import { longestWait, type Timers, WorkQueue } from './work-queue.js';

/** Time that only moves when the test says so. */
class ManualTimers implements Timers {
  now = 0;
  #waiting: { readonly at: number; readonly run: () => void }[] = [];

  after(milliseconds: number, run: () => void): () => void {
    const entry = { at: this.now + milliseconds, run };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  get waits(): number[] {
    return this.#waiting.map(({ at }) => at - this.now);
  }

  async pass(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    const due = this.#waiting.filter(({ at }) => at <= this.now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.now);
    for (const { run } of due) run();
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function aQueue(handle: (key: string) => Promise<void>, parallel = 2) {
  const timers = new ManualTimers();
  const failures: string[] = [];
  const queue = new WorkQueue({
    handle,
    onFailure: (key, _error, count) => failures.push(`${key} ${count}`),
    parallel,
    limits: { firstMs: 100, longestMs: 1_000 },
    timers,
    random: () => 0.999,
    now: () => timers.now,
  });
  return { queue, timers, failures };
}

// Would catch two looks at one job at once, which undo what each other does.
test('a key is handled by one at a time, and wishes meanwhile are one more look', async () => {
  const begun: string[] = [];
  const waiting: (() => void)[] = [];
  const { queue } = aQueue((key) => {
    begun.push(key);
    return new Promise((resolve) => waiting.push(resolve));
  });
  queue.add('a');
  queue.add('a');
  queue.add('a');
  queue.add('b');
  queue.add('c');
  assert.deepEqual(begun, ['a', 'b']);
  assert.equal(queue.depth, 2);
  waiting.shift()?.();
  await settled();
  assert.deepEqual(begun, ['a', 'b', 'c']);
  waiting.shift()?.();
  await settled();
  assert.deepEqual(begun, ['a', 'b', 'c', 'a']);
  for (const end of waiting) end();
  await settled();
  assert.ok(queue.isIdle);
});

test('a failure comes again, later each time, until it succeeds', async () => {
  let fails = true;
  let looks = 0;
  const { failures, queue, timers } = aQueue(async () => {
    looks++;
    if (fails) throw new Error('no');
  });
  queue.add('a');
  await settled();
  assert.deepEqual(timers.waits.map(Math.round), [100]);
  await timers.pass(100);
  assert.deepEqual(timers.waits.map(Math.round), [200]);
  fails = false;
  await timers.pass(200);
  assert.deepEqual([looks, failures, timers.waits], [3, ['a 1', 'a 2'], []]);
  fails = true;
  queue.add('a');
  await settled();
  assert.deepEqual(failures.at(-1), 'a 1');
});

test('of several later looks the soonest counts, and a look makes it needless', async () => {
  let looks = 0;
  const { queue, timers } = aQueue(async () => {
    looks++;
  });
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 300);
  assert.deepEqual(timers.waits, [100]);
  queue.add('a');
  await settled();
  assert.deepEqual([looks, timers.waits], [1, []]);
});

// Would catch a job with a time to live of a month, which would be looked at a thousand times a second.
test('a look that is far away comes sooner, and not at once', () => {
  const { queue, timers } = aQueue(async () => undefined);
  queue.addAfter('a', 30 * 24 * 3600 * 1000);
  assert.deepEqual(timers.waits, [longestWait]);
});

// Would catch a controller that is told to end and drops what it has half done.
test('closing waits for what is under way and takes nothing new', async () => {
  let end = (): void => undefined;
  let looks = 0;
  const { queue } = aQueue(() => {
    looks++;
    return new Promise((resolve) => {
      end = resolve;
    });
  }, 1);
  queue.add('a');
  queue.add('b');
  let isClosed = false;
  const closing = queue.close().then(() => {
    isClosed = true;
  });
  queue.add('c');
  await settled();
  assert.equal(isClosed, false);
  end();
  await closing;
  assert.equal(looks, 1);
});

test('waits grow to a limit, and differ', () => {
  const limits = { firstMs: 100, longestMs: 1_000 };
  assert.equal(backoff(1, limits, 0), 50);
  assert.equal(backoff(3, limits, 0), 200);
  assert.ok(backoff(1000, limits, 0.999) <= 1_000);
  assert.notEqual(backoff(2, limits, 0.1), backoff(2, limits, 0.9));
});
