import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { recogniseFile, signatureBytes } from './recognise-file.js';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const tar = (): Uint8Array => {
  const block = Buffer.alloc(512);
  block.write('ratings.csv', 0);
  block.write('ustar\0', 257);
  return block;
};
const zip = (name: string): Uint8Array =>
  Buffer.concat([latin1(`PK\x03\x04${'\0'.repeat(22)}`), latin1(name), deflateRawSync('x')]);

/** What people hand over, and by which word they will know it again. */
const foreign: readonly (readonly [name: string, start: Uint8Array, what: RegExp])[] = [
  ['SQLite', latin1('SQLite format 3\0\x10\0\x01'), /a SQLite file/],
  ['DuckDB', latin1(`${'\0'.repeat(8)}DUCK${'\0'.repeat(50)}`), /a DuckDB file/],
  ['xlsx', zip('[Content_Types].xml'), /an Excel workbook/],
  ['ods', zip('mimetypeapplication/vnd.oasis.opendocument.spreadsheet'), /an OpenDocument file/],
  ['zip', zip('ml-latest-small/ratings.csv'), /a ZIP archive.*unzip/],
  ['npz', zip('arr_0.npy'), /a NumPy archive/],
  ['xls', latin1('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0'), /\.xls/],
  ['ORC', latin1('ORC\0\0'), /an ORC file/],
  ['Avro', latin1('Obj\x01\x04\x16avro.schema'), /an Avro file/],
  ['Arrow', latin1('ARROW1\0\0'), /an Arrow \(Feather\) file/],
  ['Feather 1', latin1('FEA1\0\0'), /a Feather file/],
  ['HDF5', latin1('\x89HDF\r\n\x1a\n\0'), /an HDF5 file/],
  ['npy', latin1('\x93NUMPY\x01\0'), /a NumPy array/],
  ['pickle 4', latin1('\x80\x04\x95\x10\0\0\0\0\0\0\0'), /a Python pickle/],
  ['pickle 2', latin1('\x80\x02}q\0.'), /a Python pickle/],
  ['R', latin1('RDX3\nX\n'), /an R data file/],
  ['PDF', latin1('%PDF-1.7\n'), /a PDF document/],
  ['HTML', latin1('\n<!DOCTYPE html>\n<html>'), /an HTML page/],
  ['HTML without a type', latin1('<html lang="en">'), /an HTML page/],
  ['a table of HTML', latin1('<table border="1">'), /an HTML page/],
  ['XML', latin1('<?xml version="1.0"?>'), /an XML document/],
  ['bzip2', latin1('BZh91AY&SY'), /a bzip2 file: .*bunzip2/],
  ['xz', latin1('\xfd7zXZ\0\0\x04'), /an xz file: .*unxz/],
  ['LZ4', latin1('\x04\x22\x4d\x18\x64'), /an LZ4 file/],
  ['7z', latin1('7z\xbc\xaf\x27\x1c\0\x04'), /a 7z archive/],
  ['RAR', latin1('Rar!\x1a\x07\x01\0'), /a RAR archive/],
  ['tar', tar(), /a tar archive/],
  ['PNG', latin1('\x89PNG\r\n\x1a\n'), /a picture/],
  ['Git LFS', latin1('version https://git-lfs.github.com/spec/v1\noid'), /a pointer of Git LFS/],
  ['encrypted Parquet', latin1('PARE\0\0'), /an encrypted Parquet file/],
  ['UTF-16 with a mark', Buffer.from('\ufeffuser,item\n', 'utf16le'), /text in UTF-16LE: .*iconv/],
  ['UTF-16 without', Buffer.from('user,item\n1,2\n', 'utf16le'), /text in UTF-16LE/],
  ['UTF-16BE', Buffer.from('\ufeffuser,item\n', 'utf16le').swap16(), /text in UTF-16BE/],
  ['UTF-16BE without', Buffer.from('user,item\n', 'utf16le').swap16(), /text in UTF-16BE/],
  ['UTF-32', latin1('\xff\xfe\0\0u\0\0\0'), /text in UTF-32LE/],
  ['anything else', Uint8Array.from({ length: 512 }, (_, i) => (i * 7) % 19), /binary data/],
];

for (const [name, start, what] of foreign) {
  test(`a file of ${name} is named for what it is, with the way out`, () => {
    // Catches a foreign file that is read as one line of text, and blamed for its header.
    const kind = recogniseFile(start);
    assert.equal(kind.kind, 'foreign');
    assert.match(kind.kind === 'foreign' ? `${kind.what}: ${kind.remedy}` : '', what);
  });
}

test('what is read is told from what is packed', () => {
  assert.equal(recogniseFile(gzipSync('a,b\n')).kind, 'gzip');
  assert.equal(recogniseFile(latin1('\x28\xb5\x2f\xfd\x04')).kind, 'zstd');
  assert.equal(recogniseFile(latin1('PAR1\x15')).kind, 'parquet');
});

const texts = [
  ...['', 'a', 'user_id,item_id\n1,2\n', '\u00ef\u00bb\u00bfa;b\n', 'sep=,\na,b\n'],
  ...['{"a":1}\n', '[{"a":1}]', 'ORder,x\n', 'Object,b\n', 'PARty,b\n', 'RDF,x\n', '<3 films,x\n'],
  ...['a\tb\0c\n', 'caf\u00e9,b\n', 'BZ,x\n', 'PK,x\n', '\x80,x\n'],
];

for (const text of texts) {
  test(`${JSON.stringify(text)} is text`, () => {
    // Catches a mark that is so short that a column's name can start with it.
    assert.equal(recogniseFile(latin1(text)).kind, 'text');
  });
}

test('any start of a file is of one kind, and any readable text is text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: signatureBytes }), (start) => {
      assert.ok(typeof recogniseFile(start).kind === 'string');
    }),
  );
  const unit = fc.constantFrom(...'abcxyz0189 ,;|\t\n"éß日本'.split(''));
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 300 }), (text) => {
      assert.equal(recogniseFile(Buffer.from(text)).kind, 'text');
    }),
  );
});
