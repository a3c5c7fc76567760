import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lane, step } from '../ids.js';
import { packValue } from './codec.js';
import { MalformedMessageError } from './guard.js';
import { decodeLanePart, encodeLanePart } from './lane-plan-message.js';
import { anyPlans } from './plan-fixture.js';
import { decodeSharedPlan, encodeSharedPlan } from './shared-plan-message.js';
import { encodeStepPlan } from './step-plan-message.js';

/** Both kinds of message of any plan, with what reads them. */
const messages = fc
  .tuple(anyPlans, fc.nat(), fc.boolean())
  .map(([{ shared, lanes }, which, ofLane]) => {
    const encoded = encodeStepPlan(shared, lanes);
    const lane = encoded.lanes[which % lanes.length]?.bytes as Uint8Array;
    const decode: (bytes: Uint8Array) => unknown = ofLane ? decodeLanePart : decodeSharedPlan;
    return { bytes: ofLane ? lane : encoded.shared.bytes, decode };
  });

// Would catch a lost sign, a swapped array, a step above 2^16, a loss scale rounded to float32, a
// digest whose bytes turn around.
test('both parts of a plan survive the way through bytes, wherever they lie in memory', () => {
  const moved = (bytes: Uint8Array, shift: number): Uint8Array => {
    const room = new Uint8Array(bytes.byteLength + shift + 3);
    room.set(bytes, shift);
    return room.subarray(shift, shift + bytes.byteLength);
  };
  fc.assert(
    fc.property(anyPlans, fc.nat(7), fc.nat(), ({ shared, lanes }, shift, seed) => {
      for (const part of lanes) {
        assert.deepEqual(decodeLanePart(moved(encodeLanePart(part), shift)), part);
      }
      const digits = (seed % 2 ** 28).toString(16).padStart(16, '0123456789abcdef');
      const laneDigests = lanes.map((_, lane) => (lane + digits).padEnd(64, digits).slice(0, 64));
      const plan = { ...shared, laneDigests };
      assert.deepEqual(decodeSharedPlan(moved(encodeSharedPlan(plan), shift)), plan);
    }),
  );
});

// Would catch an out-of-range index that reaches native code, and a decoder that crashes.
test('damaged bytes are refused or make a plan that keeps the rules, never anything else', () => {
  fc.assert(
    fc.property(
      anyPlans,
      fc.boolean(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      ({ shared, lanes }, ofLane, at, change) => {
        const encoded = encodeStepPlan(shared, lanes);
        const bytes = (ofLane ? encoded.lanes[0]?.bytes : encoded.shared.bytes) as Uint8Array;
        const index = at % bytes.byteLength;
        bytes[index] = (bytes[index] as number) ^ change;
        try {
          if (ofLane) {
            const part = decodeLanePart(bytes);
            assert.equal(part.sequenceOffsets.at(-1), part.sequenceRows.length);
            assert.ok(part.sequenceRows.every((row) => row >= 0));
            if (part.targets !== null) {
              const { offsets, rows, labels, scale } = part.targets;
              assert.equal(offsets.at(-1), rows.length);
              assert.equal(labels.length, rows.length);
              assert.ok(rows.every((row) => row >= 0));
              assert.ok(labels.every((label) => label >= 0 && label <= 1));
              assert.ok(Number.isFinite(scale) && scale >= 0);
            }
          } else {
            const plan = decodeSharedPlan(bytes);
            const rows = plan.itemLaneOffsets[plan.lanes] as number;
            assert.ok(plan.negatives.every((row) => row >= 0 && row < rows));
            assert.equal(plan.laneDigests.length, plan.lanes);
          }
        } catch (error) {
          assert.ok(error instanceof MalformedMessageError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});

// Would catch a decoder that reads past the end or returns half a plan.
test('a truncated part is refused', () => {
  fc.assert(
    fc.property(messages, fc.nat(), ({ bytes, decode }, length) => {
      const cut = bytes.subarray(0, length % bytes.byteLength);
      assert.throws(() => decode(cut), MalformedMessageError);
    }),
  );
});

// Would catch a decoder that allocates what a header claims: 2^31 values of four bytes.
test('a header that claims more than there is allocates nothing', () => {
  const lengths = [2 ** 31, 0, 1, 0, 0, 0, 0];
  const numbers = { step: 0, lane: 0, lanes: 1, lossScale: 0, targetScale: null };
  const header = packValue({ version: 3, ...numbers, lengths });
  const bytes = new Uint8Array(4 + header.byteLength + 64);
  new DataView(bytes.buffer).setUint32(0, header.byteLength, true);
  bytes.set(header, 4);
  assert.throws(() => decodeLanePart(bytes), MalformedMessageError);
});

// Would catch a label that is no number (its loss, and then every weight, would be none either), and
// targets that belong to nobody.
test('targets that do not add up are refused, and the refusal says what', () => {
  const targets = {
    offsets: Int32Array.of(0, 1, 2),
    rows: Int32Array.of(0, 1),
    labels: Float32Array.of(1, 0.25),
    scale: 0.5,
  };
  const part = {
    step: step(3),
    lane: lane(0),
    lanes: 1,
    items: Int32Array.of(4, 5),
    users: Int32Array.of(0, 1),
    sequenceOffsets: Int32Array.of(0, 1, 2),
    sequenceRows: Int32Array.of(0, 1),
    lossScale: 0,
    targets,
  };
  const refusal = (changed: Partial<typeof targets>): string => {
    const bytes = encodeLanePart({ ...part, targets: { ...targets, ...changed } });
    try {
      decodeLanePart(bytes);
      return 'accepted';
    } catch (error) {
      assert.ok(error instanceof MalformedMessageError, String(error));
      return error.message;
    }
  };
  assert.equal(refusal({}), 'accepted');
  assert.match(refusal({ labels: Float32Array.of(1, Number.NaN) }), /has labels outside \[0, 1\]/);
  assert.match(refusal({ labels: Float32Array.of(1, 1.5) }), /has labels outside \[0, 1\]/);
  assert.match(
    refusal({ labels: Float32Array.of(1) }),
    /offsets, rows and labels differ in number/,
  );
  assert.match(refusal({ offsets: Int32Array.of(0, 2, 1) }), /has falling target offsets/);
  assert.match(refusal({ offsets: Int32Array.of(0, 2) }), /has 2 users and 2 target offsets/);
  assert.match(refusal({ rows: Int32Array.of(0, -1) }), /has target rows outside/);
  assert.match(refusal({ scale: Number.POSITIVE_INFINITY }), /no finite scale of its targets/);
});
