import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { watchReaders } from './broken-pipe.js';

const failure = (code: string): Error => Object.assign(new Error(code), { code });

// Would catch a run that dies in mid-step because of `| head`, or stops as often as it writes.
test('a reader that is gone is told of once, whichever stream says so first', () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let gone = 0;
  watchReaders([stdout, stderr], () => gone++);
  stdout.emit('error', failure('EPIPE'));
  stdout.emit('error', failure('EPIPE'));
  stderr.emit('error', failure('EIO'));
  assert.equal(gone, 1);
});

// Would catch a full disk that passes for a closed pipe.
test('any other error is thrown on', () => {
  const stdout = new PassThrough();
  watchReaders([stdout], () => assert.fail('no reader is gone'));
  assert.throws(() => stdout.emit('error', failure('ENOSPC')), /ENOSPC/);
});
