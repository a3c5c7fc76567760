/** From inputs that are right to inputs that are wrong in the ways that readers are wrong about. */
import type { Random } from '../shared/random.js';
import { inputMax } from './limits.js';
import type { Target } from './target.js';

/** Numbers at which something ends. */
const edges = [
  0,
  1,
  2,
  7,
  15,
  16,
  31,
  32,
  63,
  64,
  127,
  128,
  255,
  256,
  1023,
  1024,
  4096,
  32_767,
  32_768,
  65_535,
  65_536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
] as const;

const values: readonly unknown[] = [
  null,
  true,
  false,
  '',
  'a',
  '__proto__',
  '\u0000',
  '\ud800',
  'é',
  '../..',
  -1,
  0.5,
  -0,
  1e308,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  [],
  {},
  ...edges,
];

/** Words at which texts turn: of JSON, YAML, HTTP and paths. */
const words = [
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ':',
  ',',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\t',
  ' ',
  '#',
  '&a',
  '*a',
  '<<: ',
  '!!binary ',
  '!!js ',
  '- ',
  '? ',
  '| \n',
  '---\n',
  '...',
  '%YAML',
  'null',
  'true',
  '.inf',
  '.nan',
  '0x',
  '1e999',
  '-0',
  '__proto__',
  'constructor',
  '\\u0000',
  '\ufeff',
  '\u2028',
  '../',
  'HTTP/1.1 101',
  'x: &x [*x]',
  '00000000',
  '9'.repeat(40),
] as const;

/** Input `number` of a seed: the same whenever it is asked for. */
export function inputOf(target: Target, random: Random): Uint8Array {
  if (random.below(50) === 0 || target.seeds.length === 0) return randomBytes(random);
  const seed = pick(random, target.seeds);
  const tree = target.format !== undefined && random.below(2) === 0 ? treeOf(target, seed) : null;
  let bytes = seed;
  if (tree !== null && target.format !== undefined) {
    let { value } = tree;
    for (let left = random.below(4); left >= 0; left--) value = changed(random, value);
    bytes = target.format.close(value);
    if (random.below(3) > 0) return bytes.subarray(0, inputMax);
  }
  for (let left = random.below(6); left >= 0; left--) bytes = torn(random, bytes, target.seeds);
  return bytes.subarray(0, inputMax);
}

function treeOf({ format }: Target, seed: Uint8Array): { value: unknown } | null {
  try {
    return { value: format?.open(seed) };
  } catch {
    return null;
  }
}

const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[random.below(items.length)] as Item;

function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.below(300) }, () => random.below(256));
}

/** One change to bytes that knows nothing of what they mean. */
function torn(random: Random, bytes: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + random.below(pick(random, [1, 4, 16, 200])));
  switch (random.below(9)) {
    case 0:
      return edited(bytes, at, 1, [(bytes[at] ?? 0) ^ (1 << random.below(8))]);
    case 1:
      return edited(bytes, at, 1, [
        pick(random, [0, 1, 0x7f, 0x80, 0xc1, 0xdf, 0xff, random.below(256)]),
      ]);
    case 2:
      return edited(bytes, at, length, []);
    case 3:
      return edited(bytes, at, 0, bytes.subarray(at, at + length));
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return edited(bytes, at, 8, numberBytes(random));
    case 6: {
      const other = pick(random, seeds);
      return edited(bytes, at, bytes.length, other.subarray(random.below(other.length + 1)));
    }
    case 7:
      return edited(bytes, at, random.below(3), new TextEncoder().encode(pick(random, words)));
    default:
      return edited(bytes, at, 0, repeated(bytes.subarray(at, at + length), 1 + random.below(400)));
  }
}

/** A copy with `length` bytes from `at` on replaced. */
function edited(bytes: Uint8Array, at: number, length: number, by: ArrayLike<number>): Uint8Array {
  const rest = bytes.subarray(Math.min(bytes.length, at + length));
  const result = new Uint8Array(at + by.length + rest.length);
  result.set(bytes.subarray(0, at));
  result.set(by, at);
  result.set(rest, at + by.length);
  return result;
}

function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const count = Math.min(times, Math.floor(inputMax / Math.max(1, bytes.length)));
  const result = new Uint8Array(bytes.length * count);
  for (let turn = 0; turn < count; turn++) result.set(bytes, turn * bytes.length);
  return result;
}

/** 1, 2, 4 or 8 bytes of a number at which something ends, in either order. */
function numberBytes(random: Random): Uint8Array {
  const size = pick(random, [1, 2, 4, 8]);
  const view = new DataView(new ArrayBuffer(8));
  const number = pick(random, edges) + pick(random, [-1, 0, 0, 1]);
  view.setBigUint64(0, BigInt.asUintN(64, BigInt(number)), true);
  const bytes = new Uint8Array(view.buffer, 0, size).slice();
  return random.below(2) === 0 ? bytes : bytes.reverse();
}

/** The same tree with one change somewhere in it. */
function changed(random: Random, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0 && random.below(8) > 0) {
    return changedArray(random, value);
  }
  if (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    random.below(12) > 0
  ) {
    return changedObject(random, value as Readonly<Record<string, unknown>>);
  }
  return otherValue(random, value);
}

function changedArray(random: Random, value: readonly unknown[]): unknown[] {
  const at = random.below(value.length);
  const copy = [...value];
  switch (random.below(5)) {
    case 0:
      copy.splice(at, 1);
      break;
    case 1:
      copy.push(...Array.from({ length: 1 + random.below(300) }, () => value[at]));
      break;
    default:
      copy[at] = changed(random, value[at]);
  }
  return copy;
}

function changedObject(random: Random, value: Readonly<Record<string, unknown>>): unknown {
  const keys = Object.keys(value);
  const key = keys.length === 0 ? 'a' : pick(random, keys);
  const copy = { ...value };
  switch (random.below(6)) {
    case 0:
      delete copy[key];
      return copy;
    case 1: {
      const name = pick(random, ['__proto__', 'constructor', 'toString', 'kind', '', 'a', key]);
      // By definition, so that "__proto__" becomes a field and no prototype.
      const field = { value: copy[key], enumerable: true, configurable: true, writable: true };
      return Object.defineProperty(copy, name, field);
    }
    default:
      copy[key] = changed(random, value[key]);
      return copy;
  }
}

function otherValue(random: Random, value: unknown): unknown {
  if (typeof value === 'string' && random.below(2) === 0) {
    const at = random.below(value.length + 1);
    const word = random.below(4) === 0 ? 'x'.repeat(random.below(5000)) : pick(random, words);
    return value.slice(0, at) + word + value.slice(at + random.below(3));
  }
  if (typeof value === 'number' && random.below(2) === 0) return value + pick(random, [-1, 1, 0.5]);
  if (random.below(10) > 0) return pick(random, values);
  let nested: unknown = value;
  for (let depth = random.below(200); depth >= 0; depth--)
    nested = depth % 2 ? [nested] : { a: nested };
  return nested;
}
