import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logCopy, logCopyDescriptor } from './log-copy.js';

// Would catch a container whose workers log into a file that nobody sees, and a copy that nobody wished for.
test('a process gets a copy of its log on a descriptor of its own where that is wished', () => {
  const given = logCopy({ LOCKSTEP_LOG_TO_STDERR: 'true' });
  assert.deepEqual(given.stdio, [2]);
  assert.equal(logCopyDescriptor(given.environment), 4);
  for (const environment of [
    {},
    { LOCKSTEP_LOG_TO_STDERR: 'false' },
    { LOCKSTEP_LOG_TO_STDERR: '' },
  ]) {
    assert.deepEqual(logCopy(environment).stdio, []);
    assert.equal(logCopyDescriptor(logCopy(environment).environment), null);
  }
});

// Would catch a process of a process that writes to a descriptor which it was never given.
test('what a process was given itself is not handed on', () => {
  const inherited = { LOCKSTEP_LOG_DESCRIPTOR: '4' };
  assert.equal(logCopyDescriptor({ ...inherited, ...logCopy(inherited).environment }), null);
});

test('another word than true or false is refused', () => {
  assert.throws(
    () => logCopy({ LOCKSTEP_LOG_TO_STDERR: 'yes' }),
    /LOCKSTEP_LOG_TO_STDERR must be true or false: current value is "yes"/,
  );
});
