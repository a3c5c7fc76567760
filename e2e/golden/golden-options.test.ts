import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GoldenUsageError, parseGoldenOptions } from './golden-options.js';

const complete = ['--case', 'cases/a', '--engine', 'cpu', '--workers', '2', '--out', 'x'];

describe('golden options', () => {
  it('reads the command line that others call', () => {
    const expected = { prefix: 'cases/a', engine: 'cpu', workers: 2, out: 'x' };
    assert.deepEqual(parseGoldenOptions(complete), expected);
  });

  // Would catch a run on the wrong engine, or on no worker, that looks like a pass.
  const wrong: [string, string[], RegExp][] = [
    ['an unknown engine', [...complete, '--engine', 'tpu'], /--engine .* "tpu"/],
    ['no worker', [...complete, '--workers', '0'], /--workers .* "0"/],
    ['half a worker', [...complete, '--workers', '1.5'], /--workers .* "1.5"/],
    ['a missing output', complete.slice(0, -2), /--out is missing/],
    ['an unknown option', [...complete, '--wrkers', '2'], /wrkers/],
  ];
  for (const [what, args, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseGoldenOptions(args),
        (error) => error instanceof GoldenUsageError && message.test(error.message),
      );
    });
  }
});
