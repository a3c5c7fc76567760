import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip, type Unpack, UnpackError, unzstd } from './unpack.js';

/**
 * Frames of `zstd`: "user_id,item_id\n" four times with a checksum, `x` 300,000 times in several
 * blocks, and an empty one.
 */
const frames = {
  rows: {
    packed: 'KLUv/QRYvQAAgHVzZXJfaWQsaXRlbV9pZAoBAJpoLgFN0eKz',
    text: 'user_id,item_id\n'.repeat(4),
  },
  long: { packed: 'KLUv/QRYVAAAEHh4AQD7/znAAgIAEHgDnwR4j3Kbog==', text: 'x'.repeat(300_000) },
  empty: { packed: 'KLUv/SQAAQAAmenYUQ==', text: '' },
} as const;

const zstd = (...names: (keyof typeof frames)[]): Buffer =>
  Buffer.concat(names.map((name) => Buffer.from(frames[name].packed, 'base64')));

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    yield Uint8Array.from(bytes.subarray(at, at + length));
  }
}

async function unpacked(unpack: Unpack, bytes: Uint8Array, length: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of unpack(pieces(bytes, length))) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('gzip is unpacked wherever its pieces end, one member after the other', async () => {
  const text = Array.from({ length: 500 }, (_, row) => `u${row % 7},i${row},${row}\n`).join('');
  const bytes = Buffer.concat([gzipSync(text), gzipSync(''), gzipSync('z'.repeat(100_000))]);
  for (const length of [1, 7, 4096, bytes.length]) {
    assert.equal(await unpacked(gunzip, bytes, length), text + 'z'.repeat(100_000));
  }
});

test('zstd is unpacked wherever its pieces end, one frame after the other', async () => {
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const bytes = Buffer.concat([zstd('rows', 'long', 'empty'), skippable, zstd('rows')]);
  const text = frames.rows.text + frames.long.text + frames.rows.text;
  for (const length of [1, 7, 4096, bytes.length]) {
    assert.equal(await unpacked(unzstd, bytes, length), text);
  }
});

test('what ends early or is damaged is refused by its format, never silently short', async () => {
  // Catches an import of the first half of a download.
  for (const [unpack, bytes, name] of [
    [gunzip, gzipSync('user,item\n'.repeat(50)), /gzip data is damaged or ends early/],
    [unzstd, zstd('long'), /zstd data is damaged or ends early/],
  ] as const) {
    for (let length = 5; length < bytes.length; length++) {
      await assert.rejects(unpacked(unpack, bytes.subarray(0, length), 4096), (error) => {
        assert.ok(error instanceof UnpackError, `${length}: ${error}`);
        assert.match(error.message, name);
        return true;
      });
    }
  }
});

test('changed bytes give some text or an UnpackError, nothing else', async () => {
  const packed: readonly (readonly [Unpack, Buffer])[] = [
    [gunzip, gzipSync('user,item\n'.repeat(50))],
    [unzstd, zstd('rows', 'long')],
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...packed),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      async ([unpack, bytes], changes) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at % bytes.length] = value;
        await unpacked(unpack, damaged, 64).catch((error: unknown) => {
          assert.ok(error instanceof UnpackError, String(error));
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('an error of the file itself comes through as it is', async () => {
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield gzipSync('a,b\n').subarray(0, 12);
    throw new RangeError('the disk is gone');
  };
  for (const unpack of [gunzip, unzstd]) {
    await assert.rejects(async () => {
      for await (const _ of unpack(failing()));
    }, /the disk is gone|zstd/);
  }
});

test('a zstd window beyond the limit is refused before its memory is taken', async () => {
  // Windows of 2 GiB, as `zstd --long=31` writes them.
  const bytes = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 0, 0, 0, 0, 0, 0]);
  await assert.rejects(unpacked(unzstd, bytes, 100), /window has 2147483648 bytes: at most/);
});
