import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedStep } from '../../../shared/messages/report-fields.js';
import { compact, duration, progressText, RateMeter } from './progress-line.js';

const report = { sequences: 64, itemTokens: 10_000 } as ReportedStep;

// Would catch a rate that counts the first step, whose time was never measured.
test('rates are averages between the first and the last step seen', () => {
  const meter = new RateMeter();
  meter.add(10, report);
  assert.equal(meter.rate, null);
  meter.add(12, report);
  meter.add(14, report);
  assert.deepEqual(meter.rate, { usersPerSecond: 32, tokensPerSecond: 5000, secondsPerStep: 2 });
});

// Would catch a rate that never forgets a slow beginning.
test('old steps are forgotten', () => {
  const meter = new RateMeter();
  meter.add(-1000, report);
  for (let second = 0; second < 40; second++) meter.add(second, report);
  assert.equal(meter.rate?.secondsPerStep, 1);
});

// Would catch an ETA of NaN and a loss with seventeen digits.
test('a line says step, loss, rates and what is left', () => {
  const rate = { usersPerSecond: 118.4, tokensPerSecond: 24_310, secondsPerStep: 1.5 };
  assert.equal(
    progressText({
      committedSteps: 9,
      totalSteps: 60,
      stage: null,
      loss: 4.123456,
      liveNegatives: 511.2,
      rate,
    }),
    'step  9/60  loss 4.1235  511 negatives  118 users/s  24,310 tokens/s  ETA 1:17',
  );
  assert.equal(
    progressText({
      committedSteps: 1,
      totalSteps: 6,
      stage: 'long',
      loss: 5,
      liveNegatives: 0.5,
      classificationLoss: 0.61234,
      rate: null,
    }),
    'step 1/6  long  loss 5.0000  targets 0.6123  0.5 negatives',
  );
});

// Would catch thousands without separators and minutes above 59.
test('numbers and times are short', () => {
  assert.deepEqual([0.04, 9.94, 10, 999.6, 1_234_567].map(compact), [
    '0.0',
    '9.9',
    '10',
    '1,000',
    '1,234,567',
  ]);
  assert.deepEqual([0, 59.6, 3599, 3723].map(duration), ['0:00', '1:00', '59:59', '1:02:03']);
});
