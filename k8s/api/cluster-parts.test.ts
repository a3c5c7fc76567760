/** Paths, lines, the rate of requests, the pace of a status. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { millis } from '../../shared/units.js';
import { at, runningStatus } from '../controller/reconcile/seen-fixture.js';
import { paceOf } from '../controller/shell/status-pace.js';
import { transitionEvents } from '../controller/shell/transition-events.js';
import { LineReader } from './line-reader.js';
import { TokenBucket } from './rate-limit.js';
import { pathOf } from './resources.js';

test('paths are those of the API', () => {
  assert.equal(pathOf({ kind: 'Pod', namespace: null }), '/api/v1/pods');
  assert.equal(
    pathOf({ kind: 'TrainingJob', namespace: 'x', name: 'a', subresource: 'status' }),
    '/apis/lockstep.dev/v1alpha1/namespaces/x/trainingjobs/a/status',
  );
});

// Would catch a letter that is cut in two by the end of a piece.
test('lines come whole, wherever the pieces end', () => {
  const bytes = new TextEncoder().encode('{"a":"ö"}\n{"b":1}\n{"c"');
  const reader = new LineReader(100);
  const lines = [...bytes].flatMap((byte) => reader.read(Uint8Array.of(byte)));
  assert.deepEqual(lines, ['{"a":"ö"}', '{"b":1}']);
  assert.throws(() => new LineReader(3).read(bytes.slice(0, 5)), RangeError);
});

test('requests wait for their turn once the burst is used up', () => {
  let now = 0;
  const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, { now: () => millis(now) });
  assert.deepEqual([bucket.take(), bucket.take(), bucket.take(), bucket.take()], [0, 0, 100, 200]);
  now = 1_000;
  assert.equal(bucket.take(), 0);
});

// Would catch 500 jobs that each write every five seconds: a hundred requests a second for nothing.
test('who finds no place does without, and does not make others wait', () => {
  let now = 0;
  const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, { now: () => millis(now) });
  assert.deepEqual(
    [bucket.takeIfFree(), bucket.takeIfFree(), bucket.takeIfFree()],
    [true, false, false],
  );
  now = 100;
  assert.deepEqual([bucket.takeIfFree(), bucket.takeIfFree()], [true, false]);
});

const pace = (after: object, sinceLast: number | null) =>
  paceOf({ before: runningStatus, after: { ...runningStatus, ...after }, sinceLast });

test('the same status is not written, whatever the order of its fields', () => {
  const { state = 'Running', ...rest } = runningStatus;
  assert.equal(pace({}, null).kind, 'same');
  const after = { ...rest, state };
  assert.equal(paceOf({ before: runningStatus, after, sinceLast: 0 }).kind, 'same');
});

test('progress is written every five seconds, and another state at once', () => {
  assert.deepEqual(pace({ step: 41 }, 1_000), { kind: 'wait', milliseconds: 4_000 });
  assert.deepEqual(pace({ step: 41 }, 5_000), { kind: 'write', isProgress: true });
  assert.deepEqual(pace({ step: 41 }, null), { kind: 'write', isProgress: true });
  assert.deepEqual(pace({ state: 'Degraded' }, 1_000), { kind: 'write', isProgress: false });
  assert.deepEqual(pace({ state: 'Degraded' }, 400), { kind: 'wait', milliseconds: 600 });
});

test('another state is told as an event, in the words of its condition', () => {
  const failed = {
    state: 'Failed' as const,
    conditions: [
      {
        ...{ type: 'Failed', status: 'True' as const, reason: 'TrainingFailed', message: 'NaN' },
        lastTransitionTime: new Date(at(0)).toISOString(),
      },
    ],
  };
  assert.deepEqual(transitionEvents(runningStatus, failed), [
    { type: 'Warning', reason: 'TrainingFailed', note: 'NaN' },
  ]);
  assert.deepEqual(transitionEvents(runningStatus, { ...runningStatus, step: 50 }), []);
});
