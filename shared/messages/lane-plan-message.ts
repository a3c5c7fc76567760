/**
 * A lane plan as bytes: length of the header (u32), a small msgpack header, zero to three bytes of
 * padding, then the six arrays one after the other as raw little-endian int32.
 */
import { lane, step } from '../ids.js';
import type { LanePlan } from '../plan/lane-plan.js';
import { packValue, unpackValue } from './codec.js';
import { MalformedMessageError } from './guard.js';

/** Arrays in the order in which they follow the header. */
const arrayNames = [
  'items',
  'itemLaneOffsets',
  'negatives',
  'users',
  'sequenceOffsets',
  'sequenceRows',
] as const;

const version = 1;
const maxHeaderBytes = 256;
const headerFields = 6;

/** Raw copies are right only where memory is little-endian, which is every machine Node runs on. */
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

const invalid = (detail: string): MalformedMessageError =>
  new MalformedMessageError('plan', `a lane plan ${detail}`);

export function encodeLanePlan(plan: LanePlan): Uint8Array {
  const arrays = arrayNames.map((name) => plan[name]);
  const header = packValue({
    version,
    step: plan.step,
    lane: plan.lane,
    lanes: plan.lanes,
    lossScale: plan.lossScale,
    lengths: arrays.map((array) => array.length),
  });
  const start = aligned(4 + header.byteLength);
  const size = arrays.reduce((sum, array) => sum + array.byteLength, start);
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, header.byteLength, true);
  bytes.set(header, 4);
  let at = start;
  for (const array of arrays) {
    bytes.set(rawBytes(array), at);
    at += array.byteLength;
  }
  return bytes;
}

/** @throws MalformedMessageError before anything is allocated for what does not add up. */
export function decodeLanePlan(bytes: Uint8Array): LanePlan {
  const header = readHeader(bytes);
  let at = header.arraysStart;
  const arrays = header.lengths.map((length) => {
    const array = readInt32(bytes, at, length);
    at += length * 4;
    return array;
  });
  const [items, itemLaneOffsets, negatives, users, sequenceOffsets, sequenceRows] =
    arrays as Int32Array[] as [
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
      Int32Array,
    ];
  const plan: LanePlan = {
    step: step(header.step),
    lane: lane(header.lane),
    lanes: header.lanes,
    lossScale: header.lossScale,
    items,
    itemLaneOffsets,
    negatives,
    users,
    sequenceOffsets,
    sequenceRows,
  };
  checkPlan(plan);
  return plan;
}

interface Header {
  readonly step: number;
  readonly lane: number;
  readonly lanes: number;
  readonly lossScale: number;
  readonly lengths: readonly number[];
  readonly arraysStart: number;
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.byteLength < 4) throw invalid('has no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(0, true);
  if (headerLength > maxHeaderBytes || 4 + headerLength > bytes.byteLength) {
    throw invalid(`has a header of ${headerLength} bytes`);
  }
  const value = unpackValue(bytes.subarray(4, 4 + headerLength), 3);
  if (typeof value !== 'object' || value === null) throw invalid('has a header that is no map');
  const fields = value as Record<string, unknown>;
  if (Object.keys(fields).length !== headerFields) throw invalid('has unknown header fields');
  if (fields.version !== version) throw invalid(`is of version ${String(fields.version)}`);
  const lengths = fields.lengths;
  if (!Array.isArray(lengths) || lengths.length !== arrayNames.length || !lengths.every(isCount)) {
    throw invalid('lists wrong array lengths');
  }
  const lanes = fields.lanes;
  if (!isCount(fields.step) || !isCount(lanes) || !isCount(fields.lane) || fields.lane >= lanes) {
    throw invalid('names no step and lane');
  }
  const { lossScale } = fields;
  if (typeof lossScale !== 'number' || !Number.isFinite(lossScale) || lossScale < 0) {
    throw invalid('has no finite loss scale');
  }
  const arraysStart = aligned(4 + headerLength);
  if (bytes.subarray(4 + headerLength, arraysStart).some((pad) => pad !== 0)) {
    throw invalid('has padding that is not zero');
  }
  const total = lengths.reduce((sum: number, length: number) => sum + length * 4, arraysStart);
  if (total !== bytes.byteLength) {
    throw invalid(`announces ${total} bytes and has ${bytes.byteLength}`);
  }
  return { step: fields.step, lane: fields.lane, lanes, lossScale, lengths, arraysStart };
}

/** Everything that indexes something else must stay inside it: native code will not ask again. */
function checkPlan(plan: LanePlan): void {
  const { itemLaneOffsets, sequenceOffsets, lane: mine, lanes } = plan;
  if (itemLaneOffsets.length !== lanes + 1) throw invalid('has wrong item lane offsets');
  checkOffsets('item lane offsets', itemLaneOffsets);
  const rows = itemLaneOffsets[lanes] as number;
  const own = (itemLaneOffsets[mine + 1] as number) - (itemLaneOffsets[mine] as number);
  if (own !== plan.items.length) throw invalid(`has ${plan.items.length} items, not ${own}`);
  if (sequenceOffsets.length !== plan.users.length + 1) {
    throw invalid(`has ${plan.users.length} users and ${sequenceOffsets.length} sequence offsets`);
  }
  checkOffsets('sequence offsets', sequenceOffsets);
  if (sequenceOffsets[plan.users.length] !== plan.sequenceRows.length) {
    throw invalid('has sequences that do not fill their rows');
  }
  checkRange('items', plan.items, 2 ** 31);
  checkRange('users', plan.users, 2 ** 31);
  checkRange('negatives', plan.negatives, rows);
  checkRange('sequence rows', plan.sequenceRows, rows);
}

function checkOffsets(name: string, offsets: Int32Array): void {
  if (offsets[0] !== 0) throw invalid(`has ${name} that do not start at 0`);
  for (let i = 1; i < offsets.length; i++) {
    if ((offsets[i] as number) < (offsets[i - 1] as number)) throw invalid(`has falling ${name}`);
  }
}

function checkRange(name: string, values: Int32Array, end: number): void {
  for (const value of values) {
    if (value < 0 || value >= end) throw invalid(`has ${name} outside [0, ${end})`);
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

const aligned = (offset: number): number => (offset + 3) & ~3;

function rawBytes(array: Int32Array): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return littleEndian ? bytes : swapped(bytes);
}

/** A copy: the message's buffer may be unaligned, and a view would keep all of it alive. */
function readInt32(bytes: Uint8Array, at: number, length: number): Int32Array {
  const copy = bytes.slice(at, at + length * 4);
  return new Int32Array((littleEndian ? copy : swapped(copy)).buffer);
}

function swapped(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice();
  const view = new DataView(result.buffer);
  for (let at = 0; at < result.byteLength; at += 4) view.setInt32(at, view.getInt32(at), true);
  return result;
}
