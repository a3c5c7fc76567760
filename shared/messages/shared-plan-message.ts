/**
 * The part of a plan that all lanes of a step have in common, as bytes. It also names the SHA-256 of
 * every lane's own part, so its own SHA-256 is the digest of the whole step: who agrees on these 32
 * bytes agrees on all that the step trains on.
 */
import { step } from '../ids.js';
import type { SharedPart } from '../plan/lane-plan.js';
import { type ArraysShape, decodeArrays, encodeArrays, isCount } from './arrays-message.js';
import { checkOffsets, checkRange, invalidPlan } from './plan-rules.js';

const version = 1;
const what = 'the shared part of a plan';
const digestWords = 8;
const shape: ArraysShape = {
  what,
  fields: ['version', 'step', 'lanes'],
  arrays: 3,
  memory: 'shared',
};

export interface SharedPlan extends SharedPart {
  /** SHA-256 of each lane's part, in hexadecimal. [V] */
  readonly laneDigests: readonly string[];
}

export function encodeSharedPlan(plan: SharedPlan): Uint8Array {
  const digests = Buffer.from(plan.laneDigests.join(''), 'hex');
  return encodeArrays({
    fields: { version, step: plan.step, lanes: plan.lanes },
    arrays: [
      plan.itemLaneOffsets,
      plan.negatives,
      // Bytes, whatever the machine's order of them.
      Int32Array.from({ length: digests.byteLength / 4 }, (_, word) =>
        digests.readInt32LE(4 * word),
      ),
    ],
  });
}

/** @throws MalformedMessageError before anything is allocated for what does not add up. */
export function decodeSharedPlan(bytes: Uint8Array): SharedPlan {
  const { fields, arrays } = decodeArrays(bytes, shape);
  const { step: at, lanes } = fields;
  if (fields.version !== version) throw invalidPlan(what, `is of version ${fields.version}`);
  if (!isCount(at) || !isCount(lanes) || lanes === 0) throw invalidPlan(what, 'names no step');
  const [itemLaneOffsets, negatives, digests] = arrays as [Int32Array, Int32Array, Int32Array];
  if (itemLaneOffsets.length !== lanes + 1) throw invalidPlan(what, 'has wrong item lane offsets');
  checkOffsets(what, 'item lane offsets', itemLaneOffsets);
  checkRange(what, 'negatives', negatives, itemLaneOffsets[lanes] as number);
  if (digests.length !== digestWords * lanes) {
    throw invalidPlan(what, `has ${digests.length / digestWords} digests of ${lanes} lanes`);
  }
  return { step: step(at), lanes, itemLaneOffsets, negatives, laneDigests: hexadecimal(digests) };
}

function hexadecimal(words: Int32Array): string[] {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, index) => void bytes.writeInt32LE(word, 4 * index));
  return Array.from({ length: words.length / digestWords }, (_, lane) =>
    bytes.toString('hex', 4 * digestWords * lane, 4 * digestWords * (lane + 1)),
  );
}
