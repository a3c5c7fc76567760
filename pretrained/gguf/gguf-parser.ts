/**
 * The front of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and
 * 3): settings, then where each tensor lies. Fed bytes in any pieces, it asks for as many as its next
 * part has; what a file claims is held against a limit before anything is kept for it.
 */
import { limits } from '../limits.js';
import { UnsupportedError } from '../pretrained-error.js';

export type GgufValue = number | boolean | string | readonly GgufValue[];

export interface GgufTensor {
  readonly name: string;
  /** As the format has them: the columns of a matrix first. */
  readonly dimensions: readonly number[];
  /** A number of ggml's list of types. */
  readonly type: number;
  /** In bytes, counted from where the tensors begin. */
  readonly offset: number;
}

export interface GgufHeader {
  readonly settings: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  /** Where the tensors begin in the file. */
  readonly dataBegin: number;
}

/** Asks for a number of bytes and gets just as many. */
type Part<Result> = Generator<number, Result, Uint8Array>;

export class GgufParser {
  readonly #parts = header();
  #wanted: number;
  /** Bytes that came and are not yet used: [#begin, #end). */
  #memory = new Uint8Array(2 ** 16);
  #begin = 0;
  #end = 0;
  #consumed = 0;
  #header: GgufHeader | null = null;

  constructor() {
    this.#wanted = this.#parts.next().value as number;
  }

  /** Null until the last byte of it has come. */
  get header(): GgufHeader | null {
    return this.#header;
  }

  /** What comes behind the header is ignored. @throws UnsupportedError */
  push(bytes: Uint8Array): void {
    if (this.#header !== null) return;
    this.#append(bytes);
    while (this.#header === null && this.#end - this.#begin >= this.#wanted) {
      const part = this.#memory.subarray(this.#begin, this.#begin + this.#wanted);
      this.#begin += this.#wanted;
      this.#consumed += this.#wanted;
      if (this.#consumed > limits.ggufHeaderBytes) {
        fail(`its header has more than ${limits.ggufHeaderBytes} bytes, which are allowed`);
      }
      const next = this.#parts.next(part);
      if (next.done) this.#finish(next.value);
      else this.#wanted = next.value;
    }
  }

  #finish({ settings, tensors }: Omit<GgufHeader, 'dataBegin'>): void {
    const alignment = settings.get('general.alignment') ?? 32;
    if (!Number.isInteger(alignment) || (alignment as number) <= 0) {
      fail(`general.alignment must be a positive integer: it is ${String(alignment)}`);
    }
    const unit = alignment as number;
    this.#header = { settings, tensors, dataBegin: Math.ceil(this.#consumed / unit) * unit };
    this.#memory = new Uint8Array(0);
  }

  #append(bytes: Uint8Array): void {
    const waiting = this.#end - this.#begin;
    if (this.#end + bytes.byteLength > this.#memory.byteLength) {
      const room = Math.max(2 * waiting, waiting + bytes.byteLength, 2 ** 16);
      const memory = new Uint8Array(room);
      memory.set(this.#memory.subarray(this.#begin, this.#end));
      [this.#memory, this.#begin, this.#end] = [memory, 0, waiting];
    }
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.byteLength;
  }
}

function fail(problem: string): never {
  throw new UnsupportedError(problem);
}

/** Not of any machine: what is read from it is used before the next part is asked for. */
const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const magic = 'GGUF';

function* header(): Part<Omit<GgufHeader, 'dataBegin'>> {
  const start = String.fromCharCode(...(yield 4));
  if (start !== magic) fail(`it begins with ${JSON.stringify(start)}: a GGUF file with "${magic}"`);
  yield* version();
  const tensorCount = yield* count('tensors', limits.tensors);
  const settingCount = yield* count('settings', limits.ggufSettings);
  const settings = new Map<string, GgufValue>();
  for (let index = 0; index < settingCount; index++) {
    const key = yield* text('the name of a setting', limits.ggufNameBytes);
    if (settings.has(key)) fail(`its setting "${key}" is there twice`);
    settings.set(key, yield* value(key, yield* uint32(), 0));
  }
  const tensors = new Map<string, GgufTensor>();
  for (let index = 0; index < tensorCount; index++) {
    const found = yield* tensor();
    if (tensors.has(found.name)) fail(`its tensor "${found.name}" is there twice`);
    tensors.set(found.name, found);
  }
  return { settings, tensors: [...tensors.values()] };
}

function* version(): Part<void> {
  const number = yield* uint32();
  // 3 with its bytes turned round.
  if (number === 0x03000000) fail('its numbers are big-endian: they must be little-endian');
  if (number !== 2 && number !== 3) fail(`it is of version ${number}: it must be of 2 or 3`);
}

function* tensor(): Part<GgufTensor> {
  const name = yield* text('the name of a tensor', limits.ggufNameBytes);
  const dimensionCount = yield* uint32();
  if (dimensionCount > limits.ggufDimensions) {
    fail(`its tensor "${name}" has ${dimensionCount} dimensions: at most ${limits.ggufDimensions}`);
  }
  const dimensions: number[] = [];
  for (let index = 0; index < dimensionCount; index++) {
    dimensions.push(yield* safeUint64(`a dimension of "${name}"`));
  }
  const type = yield* uint32();
  return { name, dimensions, type, offset: yield* safeUint64(`the offset of "${name}"`) };
}

const typeOfText = 8;
const typeOfArray = 9;

/** Numbers by the format's type: how many bytes, and how they are read. */
const numbers: Readonly<Record<number, readonly [number, (view: DataView, at: number) => number]>> =
  {
    0: [1, (view, at) => view.getUint8(at)],
    1: [1, (view, at) => view.getInt8(at)],
    2: [2, (view, at) => view.getUint16(at, true)],
    3: [2, (view, at) => view.getInt16(at, true)],
    4: [4, (view, at) => view.getUint32(at, true)],
    5: [4, (view, at) => view.getInt32(at, true)],
    6: [4, (view, at) => shortest(view.getFloat32(at, true))],
    7: [1, (view, at) => view.getUint8(at)],
    // What is beyond 2^53 is no size and no id, and may be inexact.
    10: [8, (view, at) => Number(view.getBigUint64(at, true))],
    11: [8, (view, at) => Number(view.getBigInt64(at, true))],
    12: [8, (view, at) => view.getFloat64(at, true)],
  };
const typeOfBoolean = 7;

/** The shortest decimal that is the same float32: 1e-5, and not 9.999999747378752e-6. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function* value(key: string, type: number, depth: number): Part<GgufValue> {
  if (type === typeOfText) return yield* text(`the setting "${key}"`, limits.ggufTextBytes);
  if (type === typeOfArray) return yield* array(key, depth + 1);
  const [bytes, read] =
    numbers[type] ?? fail(`its setting "${key}" is of the unknown type ${type}`);
  const number = read(viewOf(yield bytes), 0);
  return type === typeOfBoolean ? number !== 0 : number;
}

function* array(key: string, depth: number): Part<GgufValue> {
  if (depth > limits.ggufDepth) fail(`its setting "${key}" has arrays ${depth} deep`);
  const type = yield* uint32();
  const length = yield* count(`entries of "${key}"`, limits.ggufEntries);
  const entries: GgufValue[] = [];
  const plain = numbers[type];
  if (plain === undefined) {
    for (let index = 0; index < length; index++) entries.push(yield* value(key, type, depth));
    return entries;
  }
  const [bytes, read] = plain;
  while (entries.length < length) {
    const view = viewOf(yield Math.min(numbersAtOnce, length - entries.length) * bytes);
    for (let at = 0; at < view.byteLength; at += bytes) {
      const number = read(view, at);
      entries.push(type === typeOfBoolean ? number !== 0 : number);
    }
  }
  return entries;
}

/** So that no memory is asked for by what a file merely claims. */
const numbersAtOnce = 4096;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function* text(what: string, most: number): Part<string> {
  const length = yield* safeUint64(`the length of ${what}`);
  if (length > most) fail(`${what} has ${length} bytes: at most ${most} are allowed`);
  const bytes = yield length;
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new UnsupportedError(`${what} is not UTF-8`, { cause });
  }
}

function* uint32(): Part<number> {
  return viewOf(yield 4).getUint32(0, true);
}

function* safeUint64(what: string): Part<number> {
  const number = Number(viewOf(yield 8).getBigUint64(0, true));
  if (!Number.isSafeInteger(number)) fail(`${what} is ${number}`);
  return number;
}

function* count(what: string, most: number): Part<number> {
  const number = yield* safeUint64(`the number of ${what}`);
  if (number > most) fail(`it claims ${number} ${what}: at most ${most} are allowed`);
  return number;
}
