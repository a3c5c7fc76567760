import assert from 'node:assert/strict';
import { it } from 'node:test';
import { report } from './report.js';
import { partResult, peakResult, result, turnsResult } from './results-fixture.js';

const input = { title: 'T', machine: [['GPU', 'none']] as const, left: [] };

it('has the machine, the steps with their share of peak, and the ratios', () => {
  const text = report({ ...input, results: [peakResult, turnsResult] });
  assert.match(text, /^# T\n/);
  assert.match(text, /\| GPU \| none \|/);
  assert.match(text, /f32 1\.00 TFLOP\/s, bf16 8\.00 TFLOP\/s/);
  assert.match(
    text,
    /\| small \| f32 \| PyTorch \| 1\.000 \| {2}\| 1,000 \| 0\.100 \| 10\.0 % \| {2}\|/,
  );
  assert.match(text, /\| small \| f32 \| Lockstep exact \| 1 \| 0\.500 \| 0\.500 to 0\.500 \|/);
});

// Would catch a run that was cut off and looks complete, or a failure without its cause.
it('says what failed, with the end of its log, and what is left', () => {
  const failed = { kind: 'failed', reason: 'it ended with 1' } as const;
  const build = result({ ending: failed, log: '02-1.log', tail: 'error: no nvcc\n```' });
  const text = report({
    ...input,
    results: [partResult({ kind: 'build' }, [build], failed)],
    left: ['golden cases'],
  });
  assert.match(text, /\| a build \| \*\*failed\*\*: it ended with 1 \| 2\.0 \| 60 \|/);
  assert.match(text, /\| golden cases \| not started yet \|/);
  assert.match(text, /## Failures\n\n02-1\.log\n\n {4}error: no nvcc\n {4}```/);
  assert.doesNotMatch(text, /## Steps/);
});

it('counts tests', () => {
  const tests = { pass: 3, fail: 0, skipped: 2 };
  const text = report({ ...input, results: [partResult({ kind: 'test' }, [result({ tests })])] });
  assert.match(text, /passed \(3 passed, 0 failed, 2 left out\)/);
});
