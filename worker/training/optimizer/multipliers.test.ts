import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JobSpecError } from '../../../shared/errors.js';
import { rateRanges, requireMatches } from './multipliers.js';

const entry = (name: string, offset: number) => ({ name, shape: [16], offset, size: 16 });
const layout = {
  entries: [
    entry('user_llm.model.norm.weight', 0),
    entry('logit_scale', 16),
    entry('item_llm.model.layers.0.mlp.up_proj.weight', 32),
    entry('item_llm.model.layers.10.mlp.up_proj.weight', 48),
    entry('item_llm.model.norm.weight', 64),
  ],
  trainedLength: 64,
};

describe('learning-rate multipliers', () => {
  // Would catch an update in pieces, and so another order of work, where there is nothing to tell apart.
  it('are one range where there are none', () => {
    assert.deepEqual(rateRanges(layout), [{ start: 0, end: 64, factor: 1 }]);
  });

  // Would catch a range that overlaps, a gap, and frozen parameters that are moved.
  it('cut what trains where the factor changes, and the first that matches counts', () => {
    const multipliers = [
      { match: 'item_llm.model.layers.1*', factor: 2 },
      { match: 'item_llm.*', factor: 0.5 },
      { match: 'logit_scale', factor: 0.5 },
    ];
    assert.deepEqual(rateRanges(layout, multipliers), [
      { start: 0, end: 16, factor: 1 },
      { start: 16, end: 48, factor: 0.5 },
      { start: 48, end: 64, factor: 2 },
    ]);
  });

  // Would catch a dot that stands for any character, and a name that is matched in part.
  it('match whole names', () => {
    const of = (match: string) => rateRanges(layout, [{ match, factor: 3 }]).length;
    assert.deepEqual([of('logit.scale'), of('logit'), of('logit_scale')], [1, 1, 3]);
    const all = (match: string) => rateRanges(layout, [{ match, factor: 3 }])[0]?.factor === 3;
    assert.deepEqual(['*', 'user*weight', 'u*s*e*r*'].map(all), [true, true, true]);
    // A piece may not be used twice: the name has one `norm`, and its end is not its middle.
    assert.deepEqual(['*norm*norm*', 'user_llm.*weight.weight'].map(all), [false, false]);
  });

  // Would catch pieces that are looked for in the wrong order, or overlap.
  it('match as a regular expression of the same meaning would', () => {
    const letters = fc.constantFrom('a', 'b', '.');
    const name = fc.string({ unit: letters, minLength: 1, maxLength: 8 });
    const match = fc.string({ unit: fc.oneof(letters, fc.constant('*')), maxLength: 6 });
    fc.assert(
      fc.property(name, match, (name, match) => {
        const of = { entries: [entry(name, 0)], trainedLength: 16 };
        const expression = match.replaceAll('.', '\\.').replaceAll('*', '.*');
        const isMatched = rateRanges(of, [{ match, factor: 3 }])[0]?.factor === 3;
        assert.equal(isMatched, new RegExp(`^${expression}$`).test(name));
      }),
    );
  });

  // Would catch a misspelt name that trains at the full rate without a word.
  it('refuse what matches nothing by name', () => {
    const refusal = (...matches: string[]): string => {
      try {
        requireMatches(
          layout,
          matches.map((match) => ({ match, factor: 2 })),
        );
      } catch (error) {
        assert.ok(error instanceof JobSpecError);
        return error.message;
      }
      return '';
    };
    assert.equal(refusal('item_llm.*', 'logit_scale'), '');
    assert.match(refusal('logit_scale', 'user_lm.*'), /"user_lm\.\*" matches none that trains/);
    assert.match(refusal('item_llm.model.norm.weight'), /matches none that trains/);
    assert.match(
      refusal('*', 'logit_scale'),
      /"logit_scale" matches only what an earlier one does/,
    );
  });
});
