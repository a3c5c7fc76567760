import assert from 'node:assert/strict';
import { it } from 'node:test';
import { partResult, peakResult, result, turnsResult } from './results-fixture.js';
import { ratioRows, stepRows } from './step-rows.js';

// Would catch a peer whose operations are not those of the step, and a failed run that counts.
it('gives all programs the operations of the same step', () => {
  const [ours, theirs, ...rest] = stepRows([peakResult, turnsResult]);
  assert.deepEqual(rest, []);
  assert.equal(ours?.program, 'Lockstep exact');
  assert.equal(ours?.stepSeconds, 0.6);
  assert.equal(ours?.flopsPerSecond, 1e11 / 0.6);
  assert.equal(theirs?.stepSeconds, 1);
  assert.equal(theirs?.flopsPerSecond, 1e11);
  assert.equal(theirs?.shareOfPeak, 0.1);
});

// Would catch a table that is lost with one of its columns.
it('leaves out what was not measured', () => {
  const [row] = stepRows([turnsResult]);
  assert.deepEqual([row?.shareOfPeak, row?.usersPerSecond], [null, null]);
  const alone = partResult({ kind: 'turns', batch: 'small', dtype: 'f32' }, [
    result({ program: 'Lockstep exact', ending: { kind: 'failed', reason: 'out of memory' } }),
    result({ program: 'PyTorch', json: { step_seconds: 1 } }),
  ]);
  assert.deepEqual(
    stepRows([alone]).map(({ program, flopsPerSecond }) => [program, flopsPerSecond]),
    [['PyTorch', null]],
  );
});

// Would catch a share of thousands of percent on a processor without instructions for bf16.
it('takes the f32 product for a peak where bf16 is slower', () => {
  const slow = { flops_per_second: { f32: 1e12, bf16: 1e10 } };
  const peak = partResult({ kind: 'peak' }, [result({ json: slow })]);
  const json = { step_seconds: 1, flops_per_second: 1e11 };
  const turns = partResult({ kind: 'turns', batch: 'small', dtype: 'bf16' }, [
    result({ program: 'Lockstep exact', json }),
  ]);
  assert.equal(stepRows([peak, turns])[0]?.shareOfPeak, 0.1);
});

// Would catch a ratio across pairs, which meet different machines.
it('takes ratios within turns that both finished', () => {
  assert.deepEqual(
    ratioRows([turnsResult]).map(({ batch, program, ratios }) => [batch, program, ratios]),
    [['small', 'Lockstep exact', [0.5]]],
  );
});
