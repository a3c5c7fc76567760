import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { projectRoot } from '../../shared/project-root.js';
import type { AdamwUpdate, Arithmetic } from './arithmetic.js';
import { adamwUpdate, anyFloats, arithmeticContract } from './arithmetic-cases.js';
import { javascriptArithmetic } from './javascript-arithmetic.js';
import { loadNativeArithmetic } from './native-arithmetic.js';
import { openArithmetic } from './open-arithmetic.js';

const native = loadNativeArithmetic() as Arithmetic;

test('the addon is what openArithmetic picks where it was built', () => {
  assert.equal(openArithmetic().name, 'native');
});

arithmeticContract(native);

/** The bits, with every NaN written the same way. */
function bitsOf(x: Float32Array): Uint32Array {
  const bits = new Uint32Array(x.slice().buffer);
  x.forEach((value, i) => {
    if (Number.isNaN(value)) bits[i] = 0x7fc00000;
  });
  return bits;
}

const length = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 4000, max: 9000 }));
const seed = fc.nat();

// Would catch a fused multiply-add, flushed subnormals, or a reordered sum in one of the versions
// that the compiler makes for different processors.
test('native and JavaScript give the same bits for any floats there are', () => {
  fc.assert(
    fc.property(length, seed, fc.float(), (n, s, factor) => {
      const [a, b] = [anyFloats(n, s), anyFloats(n, s)];
      const other = anyFloats(n, s + 1);
      native.add(a, other);
      javascriptArithmetic.add(b, other);
      assert.deepEqual(bitsOf(a), bitsOf(b));
      native.scale(a, factor);
      javascriptArithmetic.scale(b, factor);
      assert.deepEqual(bitsOf(a), bitsOf(b));
      assert.ok(Object.is(native.sumOfSquares(a), javascriptArithmetic.sumOfSquares(b)));
      assert.equal(native.firstNonFinite(a), javascriptArithmetic.firstNonFinite(b));
    }),
  );
});

// Would catch a carry that is lost between the halves of a number, which random bytes hit at once.
test('both hash any bytes alike, wherever they begin', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), (bytes, start) => {
      const view = new Uint8Array(bytes.length + start).subarray(start);
      view.set(bytes);
      assert.equal(native.hash64(view), javascriptArithmetic.hash64(view));
    }),
  );
  const floats = anyFloats(5003, 11).subarray(3);
  assert.equal(native.hash64(floats), javascriptArithmetic.hash64(floats));
});

test('the sum of squares has the same bits where nothing is infinite', () => {
  fc.assert(
    fc.property(length, seed, (n, s) => {
      const x = anyFloats(n, s).map((value) => (Math.abs(value) < 1e18 ? value : 1));
      assert.ok(Object.is(native.sumOfSquares(x), javascriptArithmetic.sumOfSquares(x)));
    }),
  );
});

test('AdamW has the same bits in both, for ordinary and for extreme values', () => {
  fc.assert(
    fc.property(
      length,
      seed,
      fc.integer({ min: 1, max: 100_000 }),
      fc.boolean(),
      (n, s, step, extreme) => {
        const make = (): AdamwUpdate => {
          const update = adamwUpdate(n, s % 1000, step);
          return extreme
            ? { ...update, gradients: anyFloats(n, s), parameters: anyFloats(n, s + 1) }
            : update;
        };
        const [a, b] = [make(), make()];
        native.adamw(a);
        javascriptArithmetic.adamw(b);
        for (const key of ['parameters', 'firstMoments', 'secondMoments'] as const) {
          assert.deepEqual(bitsOf(a[key]), bitsOf(b[key]), key);
        }
      },
    ),
  );
});

const floats = new Float32Array(8);
const words = new Uint16Array(8);
const bytes = new Uint8Array(8);

/** Function of the addon -> arguments that it takes, by name. */
const calls: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  copy: { into: floats, from: floats },
  add: { into: floats, other: floats },
  sumOfSquares: { x: floats },
  scale: { x: floats, factor: 1 },
  firstNonFinite: { x: floats },
  packBfloat16: { into: words, from: floats },
  unpackBfloat16: { into: floats, from: words },
  adamw: {
    parameters: floats,
    gradients: floats,
    firstMoments: floats,
    secondMoments: floats,
    gradientScale: 1,
    decay: 1,
    firstWeight: 1,
    beta2: 1,
    secondWeight: 1,
    secondCorrection: 1,
    eps: 1,
    stepSize: 1,
  },
  hash64: { bytes: floats },
};

// Would catch a loop that reads memory by the length or the type of another vector.
test('every function of the addon names the argument that it cannot use', () => {
  const file = fileURLToPath(new URL('build/native/lockstep_arithmetic.node', projectRoot));
  const addon = createRequire(import.meta.url)(file) as Record<string, (...x: unknown[]) => void>;
  assert.deepEqual(Object.keys(addon), Object.keys(calls));
  for (const [name, given] of Object.entries(calls)) {
    const run = (changed: object = {}): void =>
      (addon[name] as (...x: unknown[]) => void)(...Object.values({ ...given, ...changed }));
    run();
    const entries = Object.entries(given);
    const vectors = entries.filter(([, value]) => typeof value !== 'number');
    for (const [argument, value] of entries) {
      const others = [undefined, 'text', [], typeof value === 'number' ? floats : 1];
      const types = [floats, words, bytes, new Float64Array(8), new DataView(new ArrayBuffer(8))];
      const wrong = types.filter(
        (type) =>
          type.constructor !== value?.constructor &&
          !(['copy', 'hash64'].includes(name) && type === bytes),
      );
      for (const other of [...others, ...wrong]) {
        assert.throws(
          () => run({ [argument]: other }),
          new RegExp(`^TypeError: Cannot .*: "${argument}" is .*: must be `),
        );
      }
      if (typeof value === 'number' || vectors.length === 1) continue;
      const short = (value as Float32Array).subarray(1);
      assert.throws(
        () => run({ [argument]: short }),
        /^RangeError: Cannot .*: "\w+" has \d+ elements: must have \d+/,
      );
    }
  }
});
