import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { readZipEntry, ZipError } from './zip-entry.js';

/** An archive as Python's zipfile writes it, as far as a reader looks. */
function zip(entries: Readonly<Record<string, string>>, deflate: boolean, comment = ''): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, contents] of Object.entries(entries)) {
    const data = deflate ? deflateRawSync(contents) : Buffer.from(contents);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(3, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(deflate ? 8 : 0, 10);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(Buffer.byteLength(contents), 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    // The extra field of the local header differs from the directory's, as in real archives.
    parts.push(local, Buffer.from(name), Buffer.from('xyz'), data);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + 3 + data.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(entries).length, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, listing, end, Buffer.from(comment)]);
}

const files = { 'a.txt': 'first', 'b/c.txt': 'second '.repeat(100), empty: '' };

test('entries are found by their whole name, stored or deflated', () => {
  for (const deflate of [true, false]) {
    const archive = zip(files, deflate, 'a comment at the end');
    for (const [name, contents] of Object.entries(files)) {
      assert.equal(readZipEntry(archive, name, 1000).toString(), contents);
    }
    assert.throws(() => readZipEntry(archive, 'c.txt', 1000), /no such entry/);
  }
});

test('an entry above the limit is refused before it is unpacked', () => {
  assert.throws(() => readZipEntry(zip(files, true), 'b/c.txt', 699), /at most 699 are allowed/);
});

test('damaged archives give the right contents or a ZipError, nothing else', () => {
  // Catches reads beyond the end and endless loops on lengths that lie.
  const archive = zip(files, true);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(archive.length),
      (changes, length) => {
        const damaged = Buffer.from(archive);
        for (const [at, value] of changes) damaged[at] = value;
        try {
          readZipEntry(damaged.subarray(0, length), 'a.txt', 1000);
        } catch (error) {
          assert.ok(error instanceof ZipError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});
