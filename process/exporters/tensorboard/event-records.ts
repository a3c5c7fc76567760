/**
 * Records of a TensorBoard event file: Protocol Buffers messages `Event` (tensorflow/core/util/event.proto)
 * in the framing of TFRecord. Bytes in, bytes out: who writes them is elsewhere.
 *
 * Legend of the fields: Event { 1: wall_time double, 2: step int64, 3: file_version string,
 * 5: summary Summary, 7: session_log SessionLog }, Summary { 1: value Value, repeated },
 * Value { 1: tag string, 2: simple_value float }, SessionLog { 1: status enum }.
 */
import type { LinePoint } from '../../../shared/history/line-points.js';
import { maskedCrc32c } from './crc32c.js';

/** When, and at how many committed steps. */
export interface EventPlace {
  /** Since 1970. */
  readonly seconds: number;
  readonly step: number;
}

/** The first record of every file. @param seconds since 1970 */
export const versionRecord = (seconds: number): Buffer =>
  record([double(1, seconds), text(3, 'brain.Event:2')]);

/** One event with all points of a line. */
export const pointsRecord = (place: EventPlace, points: readonly LinePoint[]): Buffer =>
  record([...placed(place), bytesField(5, Buffer.concat(points.map(valueField)))]);

/** Readers forget what earlier records say of this step and of later ones. */
export const restartRecord = (place: EventPlace): Buffer =>
  record([...placed(place), bytesField(7, Buffer.concat([key(1, 0), varint(statusStart)]))]);

const statusStart = 1;

const placed = ({ seconds, step }: EventPlace): Buffer[] => [
  double(1, seconds),
  key(2, 0),
  varint(step),
];

const valueField = ({ tag, value }: LinePoint): Buffer =>
  bytesField(1, Buffer.concat([text(1, tag), float(2, value)]));

/** Length, its sum, data, its sum; all little-endian. */
function record(fields: readonly Buffer[]): Buffer {
  const data = Buffer.concat(fields);
  const framed = Buffer.alloc(data.length + 16);
  framed.writeBigUInt64LE(BigInt(data.length), 0);
  framed.writeUInt32LE(maskedCrc32c(framed.subarray(0, 8)), 8);
  data.copy(framed, 12);
  framed.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return framed;
}

/** Wire types: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
const key = (field: number, wireType: 0 | 1 | 2 | 5): Buffer => varint(field * 8 + wireType);

/** @param value from 0 to 2^53 - 1 */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), bytes]);
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, 5), bytes]);
}

const text = (field: number, value: string): Buffer => bytesField(field, Buffer.from(value));

const bytesField = (field: number, value: Buffer): Buffer =>
  Buffer.concat([key(field, 2), varint(value.length), value]);
