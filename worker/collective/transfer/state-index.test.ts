import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stateHeaderBytes } from '../../../shared/limits.js';
import { FrameError } from '../frames/frames.js';
import { rangeBytes } from './limits.js';
import { differing, rangesOf } from './ranges.js';
import { decodeIndex, digestOfRange, encodeIndex, type StateIndex } from './state-index.js';

const sections = [
  { name: 'parameters', bytes: new Uint8Array(rangeBytes + 3).fill(1) },
  { name: 'moments', bytes: new Uint8Array(5) },
];
const ranges = rangesOf(sections.map(({ bytes }) => bytes.length));
const index: StateIndex = {
  position: { committedSteps: 7, collapses: 0, settled: true },
  header: '{"best":null}',
  sections: sections.map(({ name, bytes }) => ({ name, bytes: bytes.length })),
  digests: ranges.map((range) => digestOfRange(sections, range)),
};

test('an index is read as it was written', () => {
  assert.deepEqual(decodeIndex(encodeIndex(index)), index);
});

// Would catch a range that no digest covers: an empty section, a last one that is shorter.
test('ranges cover every section, and none is longer than its limit', () => {
  const lengths = fc.array(fc.nat(3 * rangeBytes), { maxLength: 5 });
  fc.assert(
    fc.property(lengths, (given) => {
      const covered = given.map(() => 0);
      for (const { section, begin, end } of rangesOf(given)) {
        assert.equal(begin, covered[section]);
        assert.ok(end > begin && end - begin <= rangeBytes);
        covered[section] = end;
      }
      assert.deepEqual(covered, given);
    }),
  );
});

test('what differs is fetched, and what was never held', () => {
  assert.deepEqual(differing(['a', 'b', 'c'], ['a', 'x']), [1, 2]);
});

// Would catch an index that is believed although a byte of it was changed on its way.
test('a changed index is refused with FrameError', () => {
  const bytes = encodeIndex(index);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = Buffer.from(bytes);
      changed[at] = ((changed[at] as number) + by) % 256;
      assert.throws(() => decodeIndex(changed), FrameError);
    }),
    { numRuns: 300 },
  );
  const fewer = { ...index, digests: index.digests.slice(1) };
  assert.throws(() => decodeIndex(encodeIndex(fewer)), /has 2 digests: should be 3/);
});

test('a header that is too long is refused where the state is given away', () => {
  const header = 'x'.repeat(stateHeaderBytes + 1);
  assert.throws(() => encodeIndex({ ...index, header }), /header has 1048577 characters/);
});
