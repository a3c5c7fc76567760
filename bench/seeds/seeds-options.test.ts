import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSeedsOptions } from './seeds-options.js';

// Would catch options of the benchmark that are given to the training, and the other way round.
test('what stands behind "--" is the training’s', () => {
  const words = ['--seeds', '4,2', '--output', 'o', '--', 'job.yaml', '--set', 'lanes=2'];
  const { seeds, output, words: rest } = parseSeedsOptions(words);
  assert.deepEqual([seeds, output, rest], [[4, 2], 'o', ['job.yaml', '--set', 'lanes=2']]);
});

// Would catch an interval over one run that is counted twice, or over a seed of NaN.
test('seeds are different whole numbers, and few enough for an interval', () => {
  const seeds = (text: string) => () =>
    parseSeedsOptions(['--seeds', text, '--output', 'o', '--', 'job.yaml']);
  for (const text of ['1,1', '', '1,x', '1,2,3,4,5,6,7,8,9,10,11,12']) {
    assert.throws(seeds(text), /--seeds must be 1 to 11 different whole numbers/);
  }
  assert.throws(() => parseSeedsOptions(['--output', 'o', '--']), /a job must stand behind/);
  assert.throws(() => parseSeedsOptions(['--', 'job.yaml']), /--output is missing/);
});
