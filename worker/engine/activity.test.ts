import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Activity } from './activity.js';

// Would catch a kernel that hangs and has no name, and one that is named although the thread waits.
test('another thread sees what is computed, by name', () => {
  const thread = new Activity();
  const main = new Activity(thread.shared);
  assert.equal(main.busy(), null);
  thread.begin('phase', 'encode');
  assert.deepEqual({ ...main.busy(), millis: 0 }, { phase: 'encode', kernel: null, millis: 0 });
  thread.begin('kernel', 'LockstepDecoderLayer');
  thread.end('kernel');
  thread.begin('kernel', 'MatMul');
  const busy = main.busy();
  assert.deepEqual([busy?.phase, busy?.kernel], ['encode', 'MatMul']);
  assert.ok((busy?.millis ?? -1) >= 0);
  thread.end('kernel');
  thread.end('phase');
  assert.equal(main.busy(), null);
});

// Would catch names that run over into each other, or out of their memory.
test('long names are cut, and more names than there is room for share the last one', () => {
  const thread = new Activity();
  for (let index = 0; index < 300; index++) {
    thread.begin('kernel', `${index}-${'x'.repeat(40)}`);
    const expected = `${index}-${'x'.repeat(40)}`.slice(0, 32);
    assert.equal(thread.busy()?.kernel, expected);
  }
  thread.begin('kernel', `3-${'x'.repeat(40)}`);
  assert.equal(thread.busy()?.kernel, `3-${'x'.repeat(30)}`);
});
