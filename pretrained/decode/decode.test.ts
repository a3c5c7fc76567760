import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { q4_0, q4_1, q4_k, q6_k, q8_0 } from './block-types.js';
import type { Encoding } from './encoding.js';
import { bf16, f16, f32 } from './plain-types.js';
import { turnedHeads } from './turned-heads.js';

interface Case {
  /** Base64. */
  readonly bytes: string;
  readonly values: string;
}

const golden = JSON.parse(
  readFileSync(new URL('pretrained/golden/blocks.json', projectRoot), 'utf8'),
) as Record<string, Case>;

function decoded(encoding: Encoding, bytes: Uint8Array): Float32Array {
  const into = new Float32Array((bytes.length / encoding.bytes) * encoding.elements);
  encoding.decode(bytes, into);
  return into;
}

// Would catch: nibbles, scales or upper bits taken from the wrong place, and a sum rounded twice.
test('numbers and blocks are decoded to the bits of the package gguf', () => {
  const encodings = [bf16, f16, q4_0, q4_1, q4_k, q6_k, q8_0];
  assert.deepEqual(Object.keys(golden).sort(), encodings.map(({ dtype }) => dtype).sort());
  for (const encoding of encodings) {
    const { bytes, values } = golden[encoding.dtype] as Case;
    const expected = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer);
    assert.deepEqual(decoded(encoding, Buffer.from(bytes, 'base64')), expected, encoding.dtype);
  }
});

// Would catch: subnormal halves that become zero, and a sign that zero or infinity loses.
test('half precision has its edges', () => {
  const bits = [0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0x8000, 0x7c00, 0xfc00];
  const values = [2 ** -24, -(2 ** -24), 1023 * 2 ** -24, 2 ** -14, 65504, -0, Infinity, -Infinity];
  const bytes = new Uint8Array(Uint16Array.from(bits).buffer);
  assert.deepEqual([...decoded(f16, bytes)], values);
  assert.ok(Number.isNaN(decoded(f16, Uint8Array.of(1, 0x7e))[0]));
});

// Would catch: heads turned once more, where they should be turned back.
test('the rows of a head return to the order of Hugging Face', () => {
  // Two heads of four rows with two columns; row r of Hugging Face holds r and r + 0.5.
  const turned = [0, 2, 1, 3, 4, 6, 5, 7].flatMap((row) => [row, row + 0.5]);
  const bytes = new Uint8Array(Float32Array.from(turned).buffer);
  const back = decoded(turnedHeads(f32, 4, 2), bytes);
  assert.deepEqual(
    [...back],
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((row) => [row, row + 0.5]),
  );
});
