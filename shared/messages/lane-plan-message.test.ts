import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lane, step } from '../ids.js';
import type { LanePlan } from '../plan/lane-plan.js';
import { packValue } from './codec.js';
import { MalformedMessageError } from './guard.js';
import { decodeLanePlan, encodeLanePlan } from './lane-plan-message.js';

/** Any plan that keeps the rules of LanePlan. */
const plans: fc.Arbitrary<LanePlan> = fc
  .record({
    at: fc.nat(2 ** 31 - 1),
    perLane: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
    laneSeed: fc.nat(),
    lengths: fc.array(fc.nat(4), { maxLength: 6 }),
    negatives: fc.nat(9),
    numbers: fc.array(fc.nat(2 ** 31 - 2), { minLength: 97, maxLength: 97 }),
    lossScale: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
  })
  .map(({ at, perLane, laneSeed, lengths, negatives, numbers, lossScale }) => {
    let used = 0;
    const fill = (length: number, end: number): Int32Array =>
      Int32Array.from({ length }, () => (numbers[used++ % numbers.length] as number) % end);
    const itemLaneOffsets = offsetsOf(perLane);
    const rows = itemLaneOffsets[perLane.length] ?? 0;
    const kept = rows === 0 ? [] : lengths;
    const mine = laneSeed % perLane.length;
    const sequenceOffsets = offsetsOf(kept);
    return {
      step: step(at),
      lane: lane(mine),
      lanes: perLane.length,
      items: fill(perLane[mine] ?? 0, 2 ** 31 - 1),
      itemLaneOffsets,
      negatives: fill(rows === 0 ? 0 : negatives, rows),
      users: fill(kept.length, 2 ** 31 - 1),
      sequenceOffsets,
      sequenceRows: fill(sequenceOffsets[kept.length] ?? 0, rows),
      lossScale,
    };
  });

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, index) => {
    offsets[index + 1] = (offsets[index] as number) + length;
  });
  return offsets;
}

// Would catch a lost sign, a swapped array, a step above 2^16, a loss scale rounded to float32.
test('a lane plan survives the way through bytes, wherever they lie in memory', () => {
  fc.assert(
    fc.property(plans, fc.nat(7), (plan, shift) => {
      const bytes = encodeLanePlan(plan);
      const moved = new Uint8Array(bytes.byteLength + shift + 3);
      moved.set(bytes, shift);
      assert.deepEqual(decodeLanePlan(moved.subarray(shift, shift + bytes.byteLength)), plan);
    }),
  );
});

// Would catch an out-of-range index that reaches native code, and a decoder that crashes.
test('damaged bytes are refused or make a plan that keeps the rules, never anything else', () => {
  fc.assert(
    fc.property(plans, fc.nat(), fc.integer({ min: 1, max: 255 }), (plan, at, change) => {
      const bytes = encodeLanePlan(plan);
      const index = at % bytes.byteLength;
      bytes[index] = (bytes[index] as number) ^ change;
      let decoded: LanePlan;
      try {
        decoded = decodeLanePlan(bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedMessageError, String(error));
        return;
      }
      const rows = decoded.itemLaneOffsets[decoded.lanes] as number;
      for (const row of [...decoded.sequenceRows, ...decoded.negatives]) {
        assert.ok(row >= 0 && row < rows);
      }
      assert.equal(decoded.sequenceOffsets.at(-1), decoded.sequenceRows.length);
    }),
    { numRuns: 500 },
  );
});

// Would catch a decoder that reads past the end or returns half a plan.
test('a truncated plan is refused', () => {
  fc.assert(
    fc.property(plans, fc.nat(), (plan, length) => {
      const bytes = encodeLanePlan(plan);
      const cut = bytes.subarray(0, length % bytes.byteLength);
      assert.throws(() => decodeLanePlan(cut), MalformedMessageError);
    }),
  );
});

// Would catch a decoder that allocates what a header claims: 2^31 values of four bytes.
test('a header that claims more than there is allocates nothing', () => {
  const lengths = [2 ** 31, 2, 0, 0, 1, 0];
  const header = packValue({ version: 1, step: 0, lane: 0, lanes: 1, lossScale: 0, lengths });
  const bytes = new Uint8Array(4 + header.byteLength + 64);
  new DataView(bytes.buffer).setUint32(0, header.byteLength, true);
  bytes.set(header, 4);
  assert.throws(() => decodeLanePlan(bytes), MalformedMessageError);
});
