import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StepSeries, type StepValues } from './step-series.js';

const add = (series: StepSeries, committedSteps: number, values: StepValues): void =>
  series.add({ committedSteps, time: committedSteps * 1000, values });

function seriesOf(steps: number, max: number): StepSeries {
  const series = new StepSeries(max);
  for (let step = 1; step <= steps; step++) add(series, step, { loss: step });
  return series;
}

test('steps that fit are points as they are', () => {
  const { steps, means, lossMin, lossMax, times, stride } = seriesOf(5, 8).window(2, 4, 100);
  assert.deepEqual(steps, [2, 3, 4]);
  assert.deepEqual(times, [2000, 3000, 4000]);
  assert.deepEqual(means, { loss: [2, 3, 4] });
  assert.deepEqual([lossMin, lossMax, stride], [[2, 3, 4], [2, 3, 4], 1]);
});

// Would catch memory that grows with the run, and a spike that a mean has swallowed.
test('however long the run, points are few and no step is lost among them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 2, max: 16 }),
      (steps, half) => {
        const series = seriesOf(steps, 2 * half);
        assert.ok(series.length <= 2 * half);
        const whole = series.window(1, steps, 1);
        assert.equal(whole.steps.length, 1);
        assert.equal(whole.steps[0], steps);
        assert.equal(whole.lossMin[0], 1);
        assert.equal(whole.lossMax[0], steps);
        const mean = whole.means.loss?.[0] ?? 0;
        assert.ok(Math.abs(mean - (steps + 1) / 2) < 1e-9);
      },
    ),
  );
});

test('as many points as were asked for, at most', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 50 }),
      (steps, points) => {
        const { steps: shown } = seriesOf(steps, 64).window(0, steps, points);
        assert.ok(shown.length <= points && shown.length > 0);
        assert.equal(shown.at(-1), steps);
      },
    ),
  );
});

// Would catch a curve that goes over the same steps twice where a run was resumed.
test('steps that are trained again are told once', () => {
  const series = seriesOf(6, 8);
  series.rewind(4);
  add(series, 5, { loss: 50 });
  assert.deepEqual(series.window(0, 100, 100).steps, [1, 2, 3, 4, 5]);
  assert.equal(series.window(5, 5, 1).means.loss?.[0], 50);
});

test('a number that some steps lack is null where none of a point has it', () => {
  const series = new StepSeries(4);
  add(series, 1, { loss: 1 });
  add(series, 2, { loss: 1, top1: 0.5 });
  assert.deepEqual(series.window(0, 2, 2).means.top1, [null, 0.5]);
  assert.equal(series.window(0, 2, 2).means.gradient_norm, undefined);
});
