import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { projectRoot } from './project-root.js';
import {
  decodeSafetensors,
  decodeSafetensorsMetadata,
  encodeSafetensors,
  type SafetensorsTensor,
} from './safetensors.js';
import { SafetensorsError } from './safetensors-header.js';

/** A file as the format describes it: length, header text, data. */
function fileOf(header: unknown, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const pair = { dtype: 'U8', shape: [2], data_offsets: [0, 2] };

const anyTensor: fc.Arbitrary<SafetensorsTensor> = fc
  .array(fc.nat({ max: 4 }), { maxLength: 3 })
  .chain((shape) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const of = { minLength: size, maxLength: size };
    return fc.oneof(
      fc.float32Array(of).map((data) => ({ dtype: 'F32' as const, shape, data })),
      fc.float64Array(of).map((data) => ({ dtype: 'F64' as const, shape, data })),
      fc.int32Array(of).map((data) => ({ dtype: 'I32' as const, shape, data })),
      fc.uint8Array(of).map((data) => ({ dtype: 'U8' as const, shape, data })),
      fc.bigInt64Array(of).map((data) => ({ dtype: 'I64' as const, shape, data })),
    );
  });

describe('safetensors', () => {
  // Would catch a wrong offset, a lost bit of a NaN's neighbour, or a name that is not a plain key.
  it('reads back what it wrote, names and bits', () => {
    const names = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('__proto__'));
    const files = fc.dictionary(names, anyTensor, { noNullPrototype: false });
    fc.assert(
      fc.property(files, fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        const map = new Map(Object.entries(tensors).filter(([name]) => name !== '__metadata__'));
        const bytes = encodeSafetensors(map, metadata);
        const decoded = decodeSafetensors(bytes);
        assert.deepEqual(new Set(decoded.keys()), new Set(map.keys()));
        for (const [name, tensor] of map) assert.deepEqual(decoded.get(name), tensor);
        assert.deepEqual(
          Object.entries(decodeSafetensorsMetadata(bytes)),
          Object.entries(metadata),
        );
      }),
    );
  });

  // Would catch a dialect of our own: these bytes were written by the Python package.
  it('reads a file that Python wrote', () => {
    const url = new URL('e2e/golden/cases/one-worker.weights.safetensors', projectRoot);
    const tensors = decodeSafetensors(readFileSync(url));
    const scale = tensors.get('logit_scale');
    assert.deepEqual(scale, { dtype: 'F32', shape: [], data: Float32Array.of(Math.log(1 / 0.07)) });
    assert.deepEqual(tensors.get('item_llm.model.embed_tokens.weight')?.shape, [97, 32]);
  });

  // Would catch a header that other readers refuse: not padded, or offsets from the file's start.
  it('writes the format to the byte', () => {
    const tensors = new Map<string, SafetensorsTensor>([
      ['ab', { dtype: 'I32', shape: [1, 2], data: Int32Array.of(1, -2) }],
    ]);
    const header = '{"ab":{"dtype":"I32","shape":[1,2],"data_offsets":[0,8]}}';
    const padded = header.padEnd(64);
    const data = [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff];
    assert.deepEqual(encodeSafetensors(tensors), fileOf(padded, data));
  });

  // Would catch views into the file: unaligned, or overwritten with a pooled buffer.
  it('copies tensors out of a buffer that starts anywhere', () => {
    const bytes = encodeSafetensors(
      new Map([['x', { dtype: 'F32', shape: [2], data: Float32Array.of(1.5, -0) }]]),
    );
    const shifted = Buffer.alloc(bytes.length + 3);
    shifted.set(bytes, 3);
    const tensor = decodeSafetensors(shifted.subarray(3)).get('x');
    shifted.fill(0);
    assert.deepEqual(tensor?.data, Float32Array.of(1.5, -0));
  });

  const damaged: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /0 bytes/],
    ['a header longer than the file', fileOf({}).subarray(0, 9), /at most 1 fit/],
    ['a header length of 2^64 - 1', new Uint8Array(16).fill(255), /header of 18446744073709551615/],
    ['a header that is not JSON', fileOf('{"a":'), /not JSON/],
    ['a header that is not an object', fileOf([]), /not a JSON object/],
    ['an unknown type', fileOf({ a: { ...pair, dtype: 'Q4' } }, [1, 2]), /type "Q4"/],
    ['an inherited name as type', fileOf({ a: { ...pair, dtype: 'toString' } }, [1, 2]), /type/],
    ['a negative size', fileOf({ a: { ...pair, shape: [-2, -1] } }, [1, 2]), /shape/],
    ['a fraction of a size', fileOf({ a: { ...pair, shape: [0.5, 4] } }, [1, 2]), /shape/],
    ['a shape that does not fit', fileOf({ a: { ...pair, shape: [3] } }, [1, 2]), /has 3/],
    [
      'an overflowing shape',
      fileOf({ a: { ...pair, shape: [2 ** 52, 2 ** 52] } }, [1, 2]),
      /2 byt/,
    ],
    ['an end before the begin', fileOf({ a: { ...pair, data_offsets: [2, 0] } }, [1, 2]), /\[2, 0/],
    ['data beyond the end', fileOf({ a: pair }, [1]), /must lie within the 1/],
    [
      'overlapping tensors',
      fileOf({ a: pair, b: pair }, [1, 2]),
      /"b" begins at 0: must begin at 2/,
    ],
    ['a hole before a tensor', fileOf({ a: { ...pair, data_offsets: [1, 3] } }, [1, 2, 3]), /at 1/],
    ['bytes that belong to nothing', fileOf({ a: pair }, [1, 2, 3]), /the file at 3/],
    ['an entry that is no object', fileOf({ a: null }), /not an object/],
  ];
  for (const [what, bytes, message] of damaged) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decodeSafetensors(bytes),
        (error) => error instanceof SafetensorsError && message.test(error.message),
      );
    });
  }

  it('refuses metadata that is not text', () => {
    assert.throws(
      () => decodeSafetensorsMetadata(fileOf({ __metadata__: { step: 3 } })),
      SafetensorsError,
    );
  });

  // Would catch any other error (RangeError of an allocation, TypeError) for bytes from a stranger.
  it('refuses damaged bytes with its own error only, or reads them', () => {
    const bytes = encodeSafetensors(
      new Map<string, SafetensorsTensor>([
        ['x', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
        ['y', { dtype: 'I64', shape: [1], data: BigInt64Array.of(7n) }],
      ]),
    );
    const place = fc.nat({ max: bytes.length - 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat({ max: 255 }))), place, (edits, cut) => {
        const copy = bytes.slice(0, bytes.length - (cut % 5));
        for (const [at, value] of edits) copy[at] = value;
        try {
          decodeSafetensors(copy);
        } catch (error) {
          assert.ok(error instanceof SafetensorsError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  // Would catch a checkpoint that is written and can never be read.
  it('refuses to write a tensor whose shape does not fit its data', () => {
    const wrong: SafetensorsTensor = { dtype: 'F32', shape: [3], data: Float32Array.of(1) };
    assert.throws(() => encodeSafetensors(new Map([['w', wrong]])), /"w" is F32 \[3\] with 1/);
    const mistyped: SafetensorsTensor = { dtype: 'F32', shape: [1], data: Int32Array.of(1) };
    assert.throws(() => encodeSafetensors(new Map([['w', mistyped]])), /Int32Array/);
  });
});
