import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { isReaderGone, type OutputFailure, watchOutput } from './watch-output.js';

const failure = (code: string): Error => Object.assign(new Error(code), { code });

// Would catch a run that dies in mid-step because of `| head` or a full disk under its log, or stops as
// often as it writes.
test('output that cannot be written is told of once, whichever stream says so first', () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const told: OutputFailure[] = [];
  watchOutput([stdout, stderr], (error) => told.push(error));
  stdout.emit('error', failure('ENOSPC'));
  stdout.emit('error', failure('ENOSPC'));
  stderr.emit('error', failure('EIO'));
  assert.deepEqual(
    told.map(({ code }) => code),
    ['ENOSPC'],
  );
});

// Would catch a full disk that passes for a closed pipe, of which nothing needs to be said.
test('a reader that is gone is told from a disk that is full', () => {
  assert.deepEqual(
    ['EPIPE', 'EIO', 'ENOSPC'].map((code) => isReaderGone(failure(code))),
    [true, true, false],
  );
});
