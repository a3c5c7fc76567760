import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../shared/ids.js';
import type { ReportedMetrics } from '../shared/messages/report-fields.js';
import { decideResult, type Finished, WeightsDifferError } from './verdict.js';

const a = workerId('a');
const b = workerId('b');

const finished = (changes: Partial<Finished> = {}): Finished => ({
  kind: 'finished',
  committedSteps: 10,
  finalLoss: 2.5,
  weightsSha256: 'ab'.repeat(32),
  stopped: false,
  endedEarly: false,
  stage: null,
  best: null,
  checkpoint: null,
  ...changes,
});

// Would catch a result that is given before everyone agrees.
test('there is no result before every member has finished', () => {
  assert.equal(decideResult([a, b], new Map([[a, finished()]]), new Map(), null), null);
  assert.equal(decideResult([a, b], new Map([[b, finished()]]), new Map(), null), null);
});

// Would catch a broken promise that is reported as success.
test('different weights or steps are an error that names both', () => {
  for (const changes of [{ weightsSha256: 'cd'.repeat(32) }, { committedSteps: 11 }]) {
    const ends = new Map([
      [a, finished()],
      [b, finished(changes)],
    ]);
    assert.throws(
      () => decideResult([a, b], ends, new Map(), null),
      (error: unknown) => {
        assert.ok(error instanceof WeightsDifferError);
        assert.equal(error.code, 'WEIGHTS_DIFFER');
        assert.match(error.message, /ab(ab)+.*b holds/);
        return true;
      },
    );
  }
});

// Would catch metrics or a checkpoint that get lost because another member wrote them.
test('checkpoint and metrics come from the member that has them', () => {
  const ends = new Map([
    [a, finished()],
    [b, finished({ checkpoint: '/c/step-00000010' })],
  ]);
  const metrics: readonly ReportedMetrics[] = [
    {
      split: 'test',
      model: 'hllm',
      users: 2,
      tooShort: 0,
      repeats: 0,
      tied: 0,
      items: 20,
      values: { 'recall@5': 1 },
    },
  ];
  const result = decideResult([a, b], ends, new Map([[b, metrics]]), null);
  assert.equal(result?.checkpoint, '/c/step-00000010');
  assert.deepEqual(result?.metrics, metrics);
});

// Would catch a run that is lost, or has no metrics, because a stop came while the last member that
// had not finished its evaluation was at its last batch.
test('a member that gave up its evaluation does not take away the result of one that did not', () => {
  const mixed = new Map([
    [a, finished({ stopped: true })],
    [b, finished()],
  ]);
  assert.equal(decideResult([a, b], mixed, new Map(), null)?.stopped, false);
  const all = new Map([a, b].map((member) => [member, finished({ stopped: true })]));
  assert.equal(decideResult([a, b], all, new Map(), null)?.stopped, true);
});
