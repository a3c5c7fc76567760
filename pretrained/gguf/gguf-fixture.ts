/** Writes GGUF files for tests; the bytes are those of the format's page, not of our parser. */
import type { GgufValue } from './gguf-parser.js';

export interface FixtureTensor {
  readonly name: string;
  /** Columns first. */
  readonly dimensions: readonly number[];
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** A value with the number of its type. */
export type Typed = readonly [type: number, value: GgufValue];

export const textOf = (value: string): Typed => [8, value];
export const uint32Of = (value: number): Typed => [4, value];
export const float32Of = (value: number): Typed => [6, value];
export const textsOf = (values: readonly string[]): Typed => [9, values.map((text) => text)];

export function ggufFile(
  settings: Readonly<Record<string, Typed>>,
  tensors: readonly FixtureTensor[] = [],
  version = 3,
): Uint8Array {
  const parts = [
    ascii('GGUF'),
    u32(version),
    u64(tensors.length),
    u64(Object.keys(settings).length),
  ];
  for (const [name, [type, value]] of Object.entries(settings)) {
    parts.push(text(name), u32(type), valueBytes(type, value));
  }
  let offset = 0;
  for (const { name, dimensions, type, bytes } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset));
    offset += aligned(bytes.length);
  }
  const header = Buffer.concat(parts);
  const bodies = tensors.map(({ bytes }) => padded(bytes));
  return new Uint8Array(Buffer.concat([padded(header), ...bodies]));
}

const aligned = (length: number): number => Math.ceil(length / 32) * 32;
const padded = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([bytes, new Uint8Array(aligned(bytes.length) - bytes.length)]);

const ascii = (value: string): Uint8Array => Buffer.from(value);
const text = (value: string): Uint8Array =>
  Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function valueBytes(type: number, value: GgufValue): Uint8Array {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) {
    const inner = typeOfEntries(value);
    const entries = value.map((entry) => valueBytes(inner, entry));
    return Buffer.concat([u32(inner), u64(value.length), ...entries]);
  }
  switch (type) {
    case 6:
      return new Uint8Array(Float32Array.of(value as number).buffer);
    case 7:
      return Uint8Array.of(Number(value));
    case 5:
      return new Uint8Array(Int32Array.of(value as number).buffer);
    case 10:
      return u64(value as number);
    default:
      return u32(value as number);
  }
}

function typeOfEntries([first]: readonly GgufValue[]): number {
  if (typeof first === 'string') return 8;
  if (Array.isArray(first)) return 9;
  return Number.isInteger(first) ? 5 : 6;
}
