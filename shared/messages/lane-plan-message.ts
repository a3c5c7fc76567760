/** The part of a plan that only its lane's owner needs, as bytes. */
import { lane, step } from '../ids.js';
import type { LanePart } from '../plan/lane-plan.js';
import { type ArraysShape, decodeArrays, encodeArrays, isCount } from './arrays-message.js';
import { checkOffsets, checkRange, invalidPlan } from './plan-rules.js';

const version = 2;
const what = 'a lane plan';
const shape: ArraysShape = {
  what,
  fields: ['version', 'step', 'lane', 'lanes', 'lossScale'],
  arrays: 4,
  memory: 'own',
};

export function encodeLanePart(part: LanePart): Uint8Array {
  const { step: at, lane: mine, lanes, lossScale } = part;
  return encodeArrays({
    fields: { version, step: at, lane: mine, lanes, lossScale },
    arrays: [part.items, part.users, part.sequenceOffsets, part.sequenceRows],
  });
}

/** @throws MalformedMessageError before anything is allocated for what does not add up. */
export function decodeLanePart(bytes: Uint8Array): LanePart {
  const { fields, arrays } = decodeArrays(bytes, shape);
  const { step: at, lane: mine, lanes, lossScale } = fields;
  if (fields.version !== version) throw invalidPlan(what, `is of version ${fields.version}`);
  if (!isCount(at) || !isCount(lanes) || !isCount(mine) || mine >= lanes) {
    throw invalidPlan(what, 'names no step and lane');
  }
  if (typeof lossScale !== 'number' || !Number.isFinite(lossScale) || lossScale < 0) {
    throw invalidPlan(what, 'has no finite loss scale');
  }
  const [items, users, sequenceOffsets, sequenceRows] = arrays as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const part: LanePart = {
    step: step(at),
    lane: lane(mine),
    lanes,
    lossScale,
    items,
    users,
    sequenceOffsets,
    sequenceRows,
  };
  checkPart(part);
  return part;
}

/** What can be said without the shared part; `joinPlan` says the rest. */
function checkPart({ items, users, sequenceOffsets, sequenceRows }: LanePart): void {
  if (sequenceOffsets.length !== users.length + 1) {
    const detail = `has ${users.length} users and ${sequenceOffsets.length} sequence offsets`;
    throw invalidPlan(what, detail);
  }
  checkOffsets(what, 'sequence offsets', sequenceOffsets);
  if (sequenceOffsets[users.length] !== sequenceRows.length) {
    throw invalidPlan(what, 'has sequences that do not fill their rows');
  }
  checkRange(what, 'items', items, 2 ** 31);
  checkRange(what, 'users', users, 2 ** 31);
  checkRange(what, 'sequence rows', sequenceRows, 2 ** 31);
}
