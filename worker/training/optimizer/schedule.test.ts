import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { learningRate, type Schedule } from './schedule.js';

const schedule = (kind: Schedule['kind'], changes: Partial<Schedule> = {}): Schedule => ({
  kind,
  warmupSteps: 2,
  totalSteps: 10,
  finalFraction: 0,
  ...changes,
});

const trace = (of: Schedule): number[] =>
  Array.from({ length: of.totalSteps }, (_, step) => learningRate(of, step));

const close = (got: readonly number[], expected: readonly number[]): void => {
  got.forEach((value, step) => {
    assert.ok(Math.abs(value - (expected[step] as number)) < 1e-12, `step ${step}: ${value}`);
  });
};

describe('learning rate', () => {
  // The reference's own trace (golden case `one-worker`, peak 1e-3). Would catch a warm-up that
  // starts at 1 / warmupSteps, or a cosine over all steps.
  it('follows the reference from zero through warm-up and cosine', () => {
    const expected = [
      0, 0.0005, 0.001, 0.0009619397662556434, 0.0008535533905932737, 0.000691341716182545, 0.0005,
      0.0003086582838174551, 0.00014644660940672628, 3.806023374435663e-5,
    ];
    close(
      trace(schedule('cosine')).map((share) => share * 1e-3),
      expected,
    );
  });

  it('falls linearly after warm-up', () => {
    close(trace(schedule('linear')), [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]);
  });

  it('stays at the peak when constant', () => {
    close(trace(schedule('constant', { totalSteps: 5 })), [0, 0.5, 1, 1, 1]);
  });

  // Would catch a rate that rises again, or turns negative, in a job that is continued.
  it('ends at the final share and stays there', () => {
    for (const kind of ['linear', 'cosine'] as const) {
      const of = schedule(kind, { finalFraction: 0.1 });
      assert.ok(Math.abs(learningRate(of, 10) - 0.1) < 1e-12);
      assert.ok(Math.abs(learningRate(of, 50) - 0.1) < 1e-12);
    }
  });

  it('is defined when warm-up fills the whole job', () => {
    assert.equal(learningRate(schedule('cosine', { warmupSteps: 10 }), 9), 0.9);
    assert.equal(learningRate(schedule('cosine', { warmupSteps: 10 }), 10), 1);
  });
});
