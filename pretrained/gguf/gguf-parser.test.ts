import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnsupportedError } from '../pretrained-error.js';
import { float32Of, ggufFile, textOf, textsOf, uint32Of } from './gguf-fixture.js';
import { type GgufHeader, GgufParser } from './gguf-parser.js';

const file = ggufFile(
  {
    'general.architecture': textOf('llama'),
    'llama.block_count': uint32Of(2),
    'llama.attention.layer_norm_rms_epsilon': float32Of(1e-5),
    'tokenizer.ggml.add_bos_token': [7, true],
    'tokenizer.ggml.tokens': textsOf(['a', 'ü', '']),
    'tokenizer.ggml.token_type': [9, [3, -1]],
    'tokenizer.ggml.scores': [9, [-0.5, 2.25]],
    'general.pairs': [9, [['a'], ['b', 'c']]],
    'general.size': [10, 2 ** 40],
  },
  [{ name: 'token_embd.weight', dimensions: [2, 3], type: 0, bytes: new Uint8Array(24) }],
);

function parsed(bytes: Uint8Array, cuts: readonly number[] = []): GgufHeader | null {
  const parser = new GgufParser();
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < edges.length; index++) {
    parser.push(bytes.subarray(edges[index - 1], edges[index]));
  }
  return parser.header;
}

// Would catch: a number of another width, and an epsilon of 9.999999747378752e-6 beside a folder's 1e-5.
test('settings and tensors are read as they were written', () => {
  const header = parsed(file);
  assert.deepEqual(Object.fromEntries(header?.settings ?? []), {
    'general.architecture': 'llama',
    'llama.block_count': 2,
    'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'tokenizer.ggml.add_bos_token': true,
    'tokenizer.ggml.tokens': ['a', 'ü', ''],
    'tokenizer.ggml.token_type': [3, -1],
    'tokenizer.ggml.scores': [-0.5, 2.25],
    'general.pairs': [['a'], ['b', 'c']],
    'general.size': 2 ** 40,
  });
  assert.deepEqual(header?.tensors, [
    { name: 'token_embd.weight', dimensions: [2, 3], type: 0, offset: 0 },
  ]);
  assert.equal(header?.dataBegin, file.length - 32);
});

// Would catch: state that is lost where a piece of the file ends.
test('the pieces in which a file comes do not matter', () => {
  const whole = parsed(file);
  const everyByte = Array.from({ length: file.length }, (_, at) => at);
  assert.deepEqual(parsed(file, everyByte), whole);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: file.length })), (cuts) => {
      assert.deepEqual(parsed(file, cuts), whole);
    }),
    { numRuns: 50 },
  );
});

// Would catch: a header that seems complete before its end.
test('a file that ends within its header has none', () => {
  for (let length = 0; length < file.length - 64; length += 7) {
    assert.equal(parsed(file.subarray(0, length)), null);
  }
});

// Would catch: a claim that costs memory or time, and an error that says nothing of the file.
test('whatever the bytes are, they are read or refused', () => {
  const bytesAt = fc.array(fc.tuple(fc.nat({ max: file.length - 1 }), fc.nat({ max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(bytesAt, (changes) => {
      const damaged = file.slice();
      for (const [at, byte] of changes) damaged[at] = byte;
      try {
        parsed(damaged);
      } catch (error) {
        assert.ok(error instanceof UnsupportedError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

const refused = (bytes: Uint8Array, message: RegExp): void =>
  assert.throws(() => parsed(bytes), { name: 'UnsupportedError', message });

// Would catch: a refusal that does not say what the file is.
test('what is no GGUF file of today is refused by what it is', () => {
  refused(new TextEncoder().encode('PK\u0003\u0004 and so on, a zip'), /begins with "PK/);
  refused(ggufFile({}, [], 1), /it is of version 1: it must be of 2 or 3/);
  refused(Uint8Array.of(71, 71, 85, 70, 0, 0, 0, 3), /big-endian/);
  const twice = ggufFile({}, [
    { name: 'a', dimensions: [1], type: 0, bytes: new Uint8Array(4) },
    { name: 'a', dimensions: [1], type: 0, bytes: new Uint8Array(4) },
  ]);
  refused(twice, /its tensor "a" is there twice/);
  const many = ggufFile({ 'a.b': textsOf(['x']) });
  new DataView(many.buffer).setBigUint64(8 + 16 + 8 + 3 + 4 + 4, 2n ** 60n, true);
  refused(many, /claims 1152921504606846976? entries of "a\.b"|the number of entries of "a\.b" is/);
  const deep = ggufFile({ 'a.b': [9, [[['x']]]] });
  refused(deep, /"a\.b" has arrays 3 deep/);
});
