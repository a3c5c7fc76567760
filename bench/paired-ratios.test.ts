import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pairedRatios, pairsTable, stepSecondsOf } from './paired-ratios.js';

const pairs = [
  { first: 1, second: 2 },
  { first: 9, second: 3 },
  { first: 4, second: 5 },
];

// Would catch the ratio of the medians (4 / 3), which one slow moment of the machine can turn.
it('takes the median of the ratios, not the ratio of the medians', () => {
  assert.deepEqual(pairedRatios(pairs), {
    ratios: [0.5, 3, 0.8],
    median: 0.8,
    least: 0.5,
    most: 3,
  });
});

it('prints a row for each pair and the median with its range', () => {
  assert.deepEqual(pairsTable(pairs).split('\n'), [
    '      pair      A, s      B, s     A / B',
    '         1     1.000     2.000     0.500',
    '         2     9.000     3.000     3.000',
    '         3     4.000     5.000     0.800',
    'median of A / B: 0.800 (0.500 to 3.000)',
  ]);
});

// Would catch the time of a single step, or a line of the log that is a number or null.
it('reads the last JSON line that has a time', () => {
  const output = 'step 1\n{"step_seconds": 3}\n{"step_seconds": 2.5, "loss": 1}\nnull\n7\nbye\n';
  assert.equal(stepSecondsOf(output), 2.5);
  assert.equal(stepSecondsOf('{"seconds": 1}\nstep_seconds: 2'), null);
});
