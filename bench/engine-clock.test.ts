import assert from 'node:assert/strict';
import { it } from 'node:test';
import { add, tensor1d } from '@tensorflow/tfjs-core';
import { javascriptArithmetic } from '../worker/arithmetic/javascript-arithmetic.js';
import { openEngine } from '../worker/engine/open-engine.js';
import { EngineClock } from './engine-clock.js';

/** Every reading is a second after the one before. */
function ticking(): () => number {
  let readings = 0;
  return () => 1000 * readings++;
}

// Would catch a kernel that calls a kernel and is counted twice, which makes shares negative.
it('counts a call within a call once', () => {
  const clock = new EngineClock(ticking());
  const inner = clock.timed((x: number) => x + 1);
  const outer = clock.timed((x: number) => inner(inner(x)));
  assert.equal(outer(1), 3);
  assert.equal(clock.seconds, 1);
  inner(1);
  assert.equal(clock.seconds, 2);
});

// Would catch a depth that stays after an error: nothing would be counted from then on.
it('goes on after an error', () => {
  const clock = new EngineClock(ticking());
  const failing = clock.timed(() => {
    throw new Error('no');
  });
  assert.throws(failing, /no/);
  assert.throws(failing, /no/);
  assert.equal(clock.seconds, 2);
});

// Would catch a registry whose entries are copies: the share of the host would always be all.
it('sees uploads, kernels, downloads and frees of the backend, and arithmetic', async () => {
  await openEngine('cpu', { threads: 1 });
  const clock = new EngineClock(ticking());
  clock.watchBackend();
  let before = 0;
  const grows = (what: string): void => {
    assert.ok(clock.seconds > before, what);
    before = clock.seconds;
  };
  const x = tensor1d([1, 2]);
  grows('upload');
  const y = add(x, x);
  grows('kernel');
  assert.deepEqual([...y.dataSync()], [2, 4]);
  grows('download');
  y.dispose();
  grows('free');
  const vector = Float32Array.of(3, 4);
  assert.equal(clock.watchArithmetic(javascriptArithmetic).sumOfSquares(vector), 25);
  grows('arithmetic');
});
