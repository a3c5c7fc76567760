/**
 * Tells what a file is by its first bytes, because its name says what somebody hoped. What cannot be
 * read is named, with the way to a file that can.
 */
export type FileKind =
  | { readonly kind: 'text' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'zstd' }
  | { readonly kind: 'parquet' }
  /** "it is `what`: `remedy`" */
  | { readonly kind: 'foreign'; readonly what: string; readonly remedy: string };

/** How much of a file its kind is told from: a tar archive's mark stands at byte 257. */
export const signatureBytes = 4096;

interface Signature {
  readonly at?: number;
  /** Latin-1. */
  readonly mark: string;
  readonly kind: FileKind;
}

const foreign = (what: string, remedy: string): FileKind => ({ kind: 'foreign', what, remedy });
const unpack = 'unpack it first';
const fromPython = 'write it as Parquet or CSV first, with pandas for example';
const asUtf8 = (encoding: string): FileKind =>
  foreign(
    `text in ${encoding}`,
    `write it as UTF-8 first, for example: iconv -f ${encoding} -t UTF-8 FILE > NEW`,
  );

/** The first that fits counts: longer marks stand before those that they start with. */
const signatures: readonly Signature[] = [
  { mark: '\x1f\x8b', kind: { kind: 'gzip' } },
  { mark: '\x28\xb5\x2f\xfd', kind: { kind: 'zstd' } },
  { mark: 'PAR1', kind: { kind: 'parquet' } },
  { mark: 'PARE', kind: foreign('an encrypted Parquet file', 'write it without encryption') },
  { mark: 'SQLite format 3\0', kind: foreign('a SQLite file', 'export its tables as CSV first') },
  { at: 8, mark: 'DUCK', kind: foreign('a DuckDB file', 'export its tables as Parquet first') },
  {
    mark: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1',
    kind: foreign('an old Office document, such as an Excel .xls', 'save it as CSV UTF-8 first'),
  },
  { mark: 'ORC', kind: foreign('an ORC file', 'write it as Parquet first') },
  { mark: 'Obj\x01', kind: foreign('an Avro file', 'write it as Parquet first') },
  { mark: 'ARROW1', kind: foreign('an Arrow (Feather) file', 'write it as Parquet first') },
  { mark: 'FEA1', kind: foreign('a Feather file', 'write it as Parquet first') },
  { mark: '\x89HDF\r\n\x1a\n', kind: foreign('an HDF5 file', fromPython) },
  { mark: '\x93NUMPY', kind: foreign('a NumPy array', fromPython) },
  { mark: 'RDX', kind: foreign('an R data file', 'write it as CSV first') },
  { mark: '$FL2', kind: foreign('an SPSS file', fromPython) },
  { mark: '<stata_dta>', kind: foreign('a Stata file', fromPython) },
  { mark: '%PDF-', kind: foreign('a PDF document', 'export the table itself as CSV') },
  { mark: '{\\rtf', kind: foreign('an RTF document', 'export the table itself as CSV') },
  { mark: 'BZh', kind: foreign('a bzip2 file', `${unpack}: bunzip2 FILE`) },
  { mark: '\xfd7zXZ\0', kind: foreign('an xz file', `${unpack}: unxz FILE`) },
  { mark: '\x04\x22\x4d\x18', kind: foreign('an LZ4 file', `${unpack}: unlz4 FILE`) },
  { mark: '\x1f\x9d', kind: foreign('a compress (.Z) file', `${unpack}: uncompress FILE`) },
  { mark: '\xff\x06\0\0sNaPpY', kind: foreign('a Snappy file', unpack) },
  { mark: '7z\xbc\xaf\x27\x1c', kind: foreign('a 7z archive', unpack) },
  { mark: 'Rar!\x1a\x07', kind: foreign('a RAR archive', unpack) },
  { at: 257, mark: 'ustar', kind: foreign('a tar archive', `${unpack}: tar xf FILE`) },
  { mark: '\x89PNG', kind: foreign('a picture (PNG)', 'name the table itself') },
  { mark: '\xff\xd8\xff', kind: foreign('a picture (JPEG)', 'name the table itself') },
  {
    mark: 'version https://git-lfs.github.com/spec/',
    kind: foreign('a pointer of Git LFS, not the file itself', 'fetch it: git lfs pull'),
  },
  { mark: '\xff\xfe\0\0', kind: asUtf8('UTF-32LE') },
  { mark: '\0\0\xfe\xff', kind: asUtf8('UTF-32BE') },
  { mark: '\xff\xfe', kind: asUtf8('UTF-16LE') },
  { mark: '\xfe\xff', kind: asUtf8('UTF-16BE') },
];

/** @param start the first bytes of the file, `signatureBytes` where it has so many */
export function recogniseFile(start: Uint8Array): FileKind {
  const text = Buffer.from(start.subarray(0, signatureBytes)).toString('latin1');
  const found = signatures.find(({ at = 0, mark }) => text.startsWith(mark, at));
  return (
    found?.kind ??
    zipKind(text) ??
    markupKind(text) ??
    pickleKind(text) ??
    binaryKind(start) ??
    plain
  );
}

const plain: FileKind = { kind: 'text' };

/** Many formats are ZIP archives of a certain content; their first entries' names tell which. */
function zipKind(text: string): FileKind | null {
  if (!text.startsWith('PK\x03\x04') && !text.startsWith('PK\x05\x06')) return null;
  if (/xl\/|\[Content_Types\]\.xml/.test(text)) {
    return foreign('an Excel workbook', 'save the sheet as CSV UTF-8 first');
  }
  if (text.includes('application/vnd.oasis.opendocument')) {
    return foreign('an OpenDocument file', 'save the sheet as CSV first');
  }
  if (text.includes('.npy')) return foreign('a NumPy archive', fromPython);
  return foreign('a ZIP archive', `${unpack}: unzip FILE`);
}

function markupKind(text: string): FileKind | null {
  const start = text.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^<(!doctype html|html|head|body|table|div)\b/i.test(start)) {
    return foreign('an HTML page', 'perhaps a download that failed: fetch the file itself');
  }
  if (/^<(\?xml|[a-z][\w:.-]*[\s>/])/i.test(start)) {
    return foreign('an XML document', 'write it as CSV or JSON lines first');
  }
  return null;
}

/** Protocols 2 to 5 of Python's pickle; the first opcode behind tells it from other bytes. */
function pickleKind(text: string): FileKind | null {
  const protocol = text.charCodeAt(1);
  const opcodes = '\x95\x8cc]}(XKNq';
  if (!text.startsWith('\x80') || !(protocol >= 2 && protocol <= 5)) return null;
  return opcodes.includes(text.charAt(2)) ? foreign('a Python pickle', fromPython) : null;
}

/** Text holds hardly any control bytes; text of two bytes a character holds a NUL in each. */
function binaryKind(start: Uint8Array): FileKind | null {
  const nul: [even: number, odd: number] = [0, 0];
  let controls = 0;
  for (const [index, byte] of start.entries()) {
    if (byte === 0) nul[(index % 2) as 0 | 1]++;
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) controls++;
  }
  const half = start.length / 2;
  if (start.length >= 4 && nul[1] > half * 0.7 && nul[0] < half * 0.1) return asUtf8('UTF-16LE');
  if (start.length >= 4 && nul[0] > half * 0.7 && nul[1] < half * 0.1) return asUtf8('UTF-16BE');
  if (controls <= Math.max(4, start.length / 10)) return null;
  return foreign(
    'binary data of an unknown kind',
    'it should be CSV or other delimited text, JSON lines or Parquet',
  );
}
