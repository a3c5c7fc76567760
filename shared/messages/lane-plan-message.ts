/** The part of a plan that only its lane's owner needs, as bytes. */
import { lane, step } from '../ids.js';
import type { LanePart, LaneTargets } from '../plan/lane-plan.js';
import { type ArraysShape, decodeArrays, encodeArrays, isCount } from './arrays-message.js';
import { checkOffsets, checkRange, invalidPlan } from './plan-rules.js';

const version = 3;
const what = 'a lane plan';
const shape: ArraysShape = {
  what,
  fields: ['version', 'step', 'lane', 'lanes', 'lossScale', 'targetScale'],
  arrays: 7,
  memory: 'own',
};

export function encodeLanePart(part: LanePart): Uint8Array {
  const { step: at, lane: mine, lanes, lossScale, targets } = part;
  const targetScale = targets === null ? null : targets.scale;
  return encodeArrays({
    fields: { version, step: at, lane: mine, lanes, lossScale, targetScale },
    arrays: [
      part.items,
      part.users,
      part.sequenceOffsets,
      part.sequenceRows,
      ...(targets === null ? noTargets : [targets.offsets, targets.rows, bits(targets.labels)]),
    ],
  });
}

const noTargets = [new Int32Array(), new Int32Array(), new Int32Array()];

/** float32 as it lies in memory: every label keeps its bits. */
const bits = ({ buffer, byteOffset, length }: Float32Array): Int32Array =>
  new Int32Array(buffer, byteOffset, length);

/** @throws MalformedMessageError before anything is allocated for what does not add up. */
export function decodeLanePart(bytes: Uint8Array): LanePart {
  const { fields, arrays } = decodeArrays(bytes, shape);
  const { step: at, lane: mine, lanes, lossScale, targetScale } = fields;
  if (fields.version !== version) throw invalidPlan(what, `is of version ${fields.version}`);
  if (!isCount(at) || !isCount(lanes) || !isCount(mine) || mine >= lanes) {
    throw invalidPlan(what, 'names no step and lane');
  }
  if (!isScale(lossScale)) throw invalidPlan(what, 'has no finite loss scale');
  const [items, users, sequenceOffsets, sequenceRows, ...ofTargets] = arrays as [
    Int32Array,
    Int32Array,
    Int32Array,
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
    targets: decodeTargets(targetScale, ofTargets, users.length),
  };
  checkPart(part);
  return part;
}

const isScale = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

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

type TargetArrays = [offsets: Int32Array, rows: Int32Array, labels: Int32Array];

function decodeTargets(
  scale: unknown,
  [offsets, rows, labelBits]: TargetArrays,
  users: number,
): LaneTargets | null {
  if (scale === null) {
    if (offsets.length + rows.length + labelBits.length === 0) return null;
    throw invalidPlan(what, 'has targets and no scale of theirs');
  }
  if (!isScale(scale)) throw invalidPlan(what, 'has no finite scale of its targets');
  if (offsets.length !== users + 1) {
    throw invalidPlan(what, `has ${users} users and ${offsets.length} target offsets`);
  }
  checkOffsets(what, 'target offsets', offsets);
  if (offsets[users] !== rows.length || rows.length !== labelBits.length) {
    throw invalidPlan(what, 'has targets whose offsets, rows and labels differ in number');
  }
  checkRange(what, 'target rows', rows, 2 ** 31);
  const labels = new Float32Array(labelBits.buffer, labelBits.byteOffset, labelBits.length);
  // Written so that what is no number is refused too.
  const isLabel = (label: number): boolean => label >= 0 && label <= 1;
  if (!labels.every(isLabel)) throw invalidPlan(what, 'has labels outside [0, 1]');
  return { offsets, rows, labels, scale };
}
