/**
 * Arrays as bytes: length of the header (u32), a small msgpack map, zero to three bytes of padding,
 * then the arrays one after the other as raw little-endian int32. The map's field `lengths` says how
 * long each of them is.
 */
import { packValue, unpackValue } from './codec.js';
import { MalformedMessageError } from './guard.js';

/** Generous: the longest header that anyone writes has a hundred bytes. */
const maxHeaderBytes = 256;

/** Raw copies are right only where memory is little-endian, which is every machine Node runs on. */
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

export interface ArraysMessage {
  /** The header without `lengths`. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly arrays: readonly Int32Array[];
}

export interface ArraysShape {
  /** `a lane plan`: begins the sentence that says what is wrong. */
  readonly what: string;
  readonly fields: readonly string[];
  readonly arrays: number;
  /** In shared memory, the arrays reach the threads of a process without a copy for each. */
  readonly memory: 'own' | 'shared';
}

export function encodeArrays({ fields, arrays }: ArraysMessage): Uint8Array {
  const header = packValue({ ...fields, lengths: arrays.map((array) => array.length) });
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
export function decodeArrays(bytes: Uint8Array, shape: ArraysShape): ArraysMessage {
  const { fields, lengths, arraysStart } = readHeader(bytes, shape);
  let at = arraysStart;
  const arrays = lengths.map((length) => {
    const array = readInt32(bytes, at, length, shape.memory);
    at += length * 4;
    return array;
  });
  return { fields, arrays };
}

interface Header {
  readonly fields: Record<string, unknown>;
  readonly lengths: readonly number[];
  readonly arraysStart: number;
}

function readHeader(bytes: Uint8Array, shape: ArraysShape): Header {
  const invalid = (detail: string): MalformedMessageError =>
    new MalformedMessageError('plan', `${shape.what} ${detail}`);
  if (bytes.byteLength < 4) throw invalid('has no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(0, true);
  if (headerLength > maxHeaderBytes || 4 + headerLength > bytes.byteLength) {
    throw invalid(`has a header of ${headerLength} bytes`);
  }
  const value = unpackValue(bytes.subarray(4, 4 + headerLength), 3);
  if (typeof value !== 'object' || value === null) throw invalid('has a header that is no map');
  const { lengths, ...fields } = value as Record<string, unknown>;
  const names = Object.keys(fields);
  if (names.length !== shape.fields.length || !shape.fields.every((name) => name in fields)) {
    throw invalid('has unknown header fields');
  }
  if (!Array.isArray(lengths) || lengths.length !== shape.arrays || !lengths.every(isCount)) {
    throw invalid('lists wrong array lengths');
  }
  const arraysStart = aligned(4 + headerLength);
  if (bytes.subarray(4 + headerLength, arraysStart).some((pad) => pad !== 0)) {
    throw invalid('has padding that is not zero');
  }
  const total = lengths.reduce((sum: number, length: number) => sum + length * 4, arraysStart);
  if (total !== bytes.byteLength) {
    throw invalid(`announces ${total} bytes and has ${bytes.byteLength}`);
  }
  return { fields, lengths, arraysStart };
}

export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

const aligned = (offset: number): number => (offset + 3) & ~3;

function rawBytes(array: Int32Array): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return littleEndian ? bytes : swapped(bytes);
}

/** A copy: the message's buffer may be unaligned, and a view would keep all of it alive. */
function readInt32(
  bytes: Uint8Array,
  at: number,
  length: number,
  memory: ArraysShape['memory'],
): Int32Array {
  const raw = bytes.subarray(at, at + length * 4);
  const copy = new Uint8Array(
    memory === 'shared' ? new SharedArrayBuffer(length * 4) : new ArrayBuffer(length * 4),
  );
  copy.set(littleEndian ? raw : swapped(raw));
  return new Int32Array(copy.buffer);
}

function swapped(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice();
  const view = new DataView(result.buffer);
  for (let at = 0; at < result.byteLength; at += 4) view.setInt32(at, view.getInt32(at), true);
  return result;
}
