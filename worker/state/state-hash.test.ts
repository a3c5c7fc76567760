import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { step } from '../../shared/ids.js';
import { javascriptArithmetic } from '../arithmetic/javascript-arithmetic.js';
import { type HashedState, hashedBytes, hashedPart, hashState } from './state-hash.js';

const sections = ['parameters', 'firstMoments', 'secondMoments'] as const;

const aState = (floats: number, trained: number): HashedState => ({
  parameters: Float32Array.from({ length: floats }, (_, index) => index),
  firstMoments: new Float32Array(trained),
  secondMoments: new Float32Array(trained),
});

// Would catch a part that is never looked at, such as a last one that is shorter.
test('the parts take turns and leave nothing out', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600_000_000 }), (floats) => {
      const bytes = floats * 4;
      let at = 0;
      let steps = 0;
      for (; at < bytes; steps++) {
        const { begin, end } = hashedPart(step(steps), bytes);
        assert.equal(begin, at);
        assert.ok(end > begin && end - begin <= 4 * 1024 * 1024 && end % 4 === 0);
        at = end;
      }
      assert.equal(at, bytes);
      assert.deepEqual(hashedPart(step(steps), bytes), hashedPart(step(0), bytes));
    }),
  );
  assert.deepEqual(hashedPart(step(3), 0), { begin: 0, end: 0 });
});

// Would catch corruption in a section, or at a section's border, that no member would ever notice.
test('a bit that flips anywhere changes the hash of the whole and of its own part only', () => {
  const state = aState(30_000, 20_000);
  const bytes = hashedBytes(state);
  const whole = { begin: 0, end: bytes };
  const every = Array.from({ length: 5 }, (_, turn) => hashedPart(step(turn), bytes));
  const hashesOf = () => every.map((part) => hashState(javascriptArithmetic, state, part));
  const [wholeBefore, before] = [hashState(javascriptArithmetic, state, whole), hashesOf()];
  assert.equal(every.at(-1)?.end, bytes);
  let sectionBegin = 0;
  for (const section of sections) {
    for (const index of [0, state[section].length - 1]) {
      const word = new Uint32Array(state[section].buffer);
      word[index] = (word[index] as number) ^ 1;
      const changed = hashesOf().map(({ value }, turn) => value !== before[turn]?.value);
      const at = sectionBegin + index * 4;
      assert.deepEqual(
        changed,
        every.map(({ begin, end }) => at >= begin && at < end),
      );
      assert.notEqual(hashState(javascriptArithmetic, state, whole).value, wholeBefore.value);
      word[index] = (word[index] as number) ^ 1;
    }
    sectionBegin += state[section].byteLength;
  }
  assert.deepEqual(hashesOf(), before);
});
