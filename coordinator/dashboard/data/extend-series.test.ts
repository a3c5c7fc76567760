import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extend } from './extend-series.js';
import { StepSeries, type StepValues } from './step-series.js';

const values = (step: number): StepValues =>
  step > 3 ? { loss: step / 2, top1: 0.5 } : { loss: step / 2 };
const stepOf = (step: number) => ({ committed_steps: step, time: step * 1000, ...values(step) });

function seriesOf(...steps: readonly number[]) {
  const series = new StepSeries(64);
  for (const step of steps) {
    series.add({ committedSteps: step, time: step * 1000, values: values(step) });
  }
  return series.window(0, 1000, 1000);
}

// Would catch a viewer who sees other curves than one who opens the page a moment later.
test('a series with new steps is the one that would be asked for', () => {
  assert.deepEqual(extend(seriesOf(1, 2), [stepOf(3), stepOf(4)], null), seriesOf(1, 2, 3, 4));
  assert.deepEqual(extend(seriesOf(), [stepOf(1)], null), seriesOf(1));
  assert.deepEqual(extend(seriesOf(1, 4), [], null), seriesOf(1, 4));
  assert.deepEqual(extend(seriesOf(1, 2), [stepOf(2), stepOf(3)], null), seriesOf(1, 2, 3));
});

test('steps that are trained again stand there once', () => {
  assert.deepEqual(extend(seriesOf(1, 2, 3), [stepOf(2)], 1), seriesOf(1, 2));
});
