import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { filePieceBytes } from '../shared/limits.js';
import { digestFile, readBytes, readPieces, withFile, writeHashed } from './hashed-files.js';

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lockstep-storage-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const bytesOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 9)) & 0xff);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

// Catches: pieces that overtake each other, and a digest of other bytes than those on the disk.
test('what is written piece by piece is one file with its digest', async (context) => {
  const path = join(await folder(context), 'file');
  const bytes = bytesOf(70_000);
  const cuts = [0, 1, 1, 4096, 69_999, 70_000];
  const pieces = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
  assert.deepEqual(await writeHashed(path, pieces), { bytes: 70_000, sha256: sha256(bytes) });
  assert.deepEqual(new Uint8Array(await readFile(path)), bytes);
  assert.deepEqual(await digestFile(path), { bytes: 70_000, sha256: sha256(bytes) });
});

// Catches: memory that the next piece overwrites while this one is still on its way to the disk.
test('a piece may be reused once the next one is asked for', async (context) => {
  const path = join(await folder(context), 'file');
  const piece = new Uint8Array(100_000);
  async function* pieces() {
    for (const value of [1, 2, 3]) yield piece.fill(value);
  }
  await writeHashed(path, pieces());
  const written = await readFile(path);
  assert.deepEqual([...new Set(written)], [1, 2, 3]);
  assert.equal(written.indexOf(2), 100_000);
});

// Catches: overwriting what is there.
test('a file that exists is not written over', async (context) => {
  const path = join(await folder(context), 'file');
  await writeFile(path, 'x');
  await assert.rejects(writeHashed(path, []), { code: 'EEXIST' });
});

// Catches: a piece lost, doubled or torn where the read-ahead crosses an edge or the file's end.
test('any range is read in order, and ends where the file ends', async (context) => {
  const path = join(await folder(context), 'file');
  const bytes = bytesOf(2 * filePieceBytes + 17);
  await writeFile(path, bytes);
  const ranges = [
    [0, 0],
    [3, 9],
    [0, filePieceBytes],
    [5, 2 * filePieceBytes + 5],
    [filePieceBytes, 9 * filePieceBytes],
    [9 * filePieceBytes, 10 * filePieceBytes],
  ] as const;
  await withFile(path, 'r', async (file) => {
    for (const [begin, end] of ranges) {
      const read: Uint8Array[] = [];
      for await (const piece of readPieces(file, { begin, end })) read.push(piece.slice());
      const wanted = Buffer.from(bytes.subarray(begin, end));
      assert.ok(Buffer.concat(read).equals(wanted), `[${begin}, ${end})`);
      assert.ok(
        Buffer.from(await readBytes(file, { begin, end: Math.min(end, begin + 99) })).equals(
          wanted.subarray(0, 99),
        ),
      );
    }
  });
});
