import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UsageError } from '../usage-error.js';
import { readBenchArguments } from './bench-arguments.js';

// Would catch a default that changes unseen: figures of two days would not compare.
it('takes a built-in batch, every engine and three steps where nothing is said', () => {
  assert.deepEqual(readBenchArguments([]), {
    batch: 'small-longtail',
    engines: [],
    threads: 2,
    steps: 3,
    json: false,
  });
});

it('reads every option', () => {
  const words = ['x/y', '--engine', 'wasm', '--engine', 'cpu', '--threads', '4', '--steps', '9'];
  assert.deepEqual(readBenchArguments([...words, '--json']), {
    batch: 'x/y',
    engines: ['wasm', 'cpu'],
    threads: 4,
    steps: 9,
    json: true,
  });
  assert.equal(readBenchArguments(['x', '--help']), null);
});

// Would catch a mistake that becomes a stack trace, or minutes of work on something else.
it('names what it cannot use', () => {
  const refused = (words: string[], message: RegExp) =>
    assert.throws(
      () => readBenchArguments(words),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  refused(['a', 'b'], /takes one BATCH: it got 2/);
  refused(['--steps', '0'], /--steps must be an integer in \[1, 999999\]: current value is "0"/);
  refused(['--thread', '2'], /--thread/);
});
