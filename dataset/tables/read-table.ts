/**
 * Reads a table file once, record by record, with its header checked first. What the file is, its
 * content tells: packed or not, delimited text, JSON lines or Parquet.
 */
import { DatasetError } from '../dataset-error.js';
import { ColonJoiner } from './formats/colon-joiner.js';
import { DelimitedParser } from './formats/delimited-parser.js';
import { InputFile, unreadable } from './formats/input-file.js';
import { JsonLinesParser } from './formats/json-lines-parser.js';
import { readParquet } from './formats/parquet-table.js';
import { type FileKind, recogniseFile, signatureBytes } from './formats/recognise-file.js';
import { recogniseText, sampleBytes } from './formats/recognise-text.js';
import {
  type DelimitedLayout,
  type FileFormat,
  layoutOfFormat,
  unitSeparator,
} from './formats/text-layout.js';
import { gunzip, type Unpack, UnpackError, unzstd } from './formats/unpack.js';
import { givenHeader, type Header, readHeader } from './table-header.js';
import type { TableRecord } from './table-record.js';

export interface TableFile {
  readonly path: string;
  readonly format: FileFormat;
  /** The names of the columns, where the file's first line is a row already. */
  readonly columns?: readonly string[];
}

export interface TableReader {
  /**
   * Called once, before any row.
   *
   * @returns the columns whose fields are looked at; those of others may be empty
   */
  header(header: Header): readonly number[];
  /** Called for every record after the header, damaged ones included. */
  row(record: TableRecord): void;
  /** Bytes read so far, of how many. */
  progress?(bytes: number, total: number): void;
}

/**
 * @returns what the file turned out to be, for people: "gzip of tab-separated text"
 * @throws DatasetError
 */
export async function readTable(table: TableFile, reader: TableReader): Promise<string> {
  const file = await InputFile.open(table.path);
  try {
    const kind = recogniseFile(await file.range(0, signatureBytes));
    switch (kind.kind) {
      case 'foreign':
        throw foreign(table.path, kind, '');
      case 'parquet':
        await readParquet(file, reader);
        return 'Parquet';
      case 'gzip':
        return `gzip of ${await readPacked(table, file, 'gzip', gunzip, reader)}`;
      case 'zstd':
        return `zstd of ${await readPacked(table, file, 'zstd', unzstd, reader)}`;
      case 'text':
        return await readText(table, file, file.chunks(), '', reader);
    }
  } finally {
    await file.close();
  }
}

async function readPacked(
  table: TableFile,
  file: InputFile,
  packing: string,
  unpack: Unpack,
  reader: TableReader,
): Promise<string> {
  const within = ` inside ${packing}`;
  try {
    return await readText(table, file, unpack(file.chunks()), within, reader);
  } catch (error) {
    throw error instanceof UnpackError ? unreadable(table.path, error) : error;
  }
}

/** @param within where the text lies, for messages */
async function readText(
  table: TableFile,
  file: InputFile,
  chunks: AsyncIterable<Uint8Array>,
  within: string,
  reader: TableReader,
): Promise<string> {
  const { path } = table;
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    const sample = await takeSample(iterator);
    if (within !== '') requireText(path, recogniseFile(sample.bytes), within);
    const layout = layoutOfFormat(table.format) ?? recogniseText(sample.bytes, sample.whole);
    if (layout.kind === 'foreign') throw foreign(path, layout, within);
    const parser =
      layout.kind === 'delimited'
        ? delimitedReader(table, layout, reader)
        : jsonReader(path, layout.columns, reader);
    parser.push(sample.bytes);
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      parser.push(next.value);
      reader.progress?.(file.position, file.size);
    }
    parser.end();
    return layout.kind === 'delimited' ? layout.name : 'JSON lines';
  } finally {
    await iterator.return?.();
  }
}

/** The first bytes of a text, enough to tell its layout; they are handed on with the rest. */
async function takeSample(
  iterator: AsyncIterator<Uint8Array>,
): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const parts: Uint8Array[] = [];
  for (let length = 0; length < sampleBytes; ) {
    const next = await iterator.next();
    if (next.done === true) return { bytes: Buffer.concat(parts), whole: true };
    parts.push(next.value);
    length += next.value.length;
  }
  return { bytes: Buffer.concat(parts), whole: false };
}

interface TextReader {
  push(chunk: Uint8Array): void;
  end(): void;
}

function delimitedReader(
  table: TableFile,
  layout: DelimitedLayout,
  reader: TableReader,
): TextReader {
  let separatorLine = layout.separatorLine;
  let headerSeen = false;
  const parser = new DelimitedParser(layout.dialect, (record) => {
    if (headerSeen) {
      reader.row(record);
      return;
    }
    if (separatorLine) {
      separatorLine = false;
      return;
    }
    headerSeen = true;
    if (table.columns === undefined) {
      reader.header(readHeader(table.path, layout.typed, record));
    } else {
      reader.header(givenHeader(table.path, table.columns));
      reader.row(record);
    }
  });
  const colons = layout.dialect.delimiter === unitSeparator ? new ColonJoiner() : null;
  return {
    push: (chunk) => parser.push(colons?.push(chunk) ?? chunk),
    end: () => {
      if (colons !== null) parser.push(colons.end());
      parser.end();
      if (headerSeen) return;
      throw new DatasetError(
        'EMPTY_FILE',
        `Cannot read ${table.path}: it is empty: it should start with a header line`,
        { file: table.path },
      );
    },
  };
}

function jsonReader(path: string, columns: readonly string[], reader: TableReader): TextReader {
  const header: Header = {
    file: path,
    unit: 'line',
    columns: columns.map((name) => ({ name, type: 'text' })),
  };
  const wanted = new Set(reader.header(header));
  return new JsonLinesParser(
    columns,
    (column) => wanted.has(column),
    (record) => reader.row(record),
  );
}

function requireText(path: string, kind: FileKind, within: string): void {
  if (kind.kind === 'text') return;
  const found =
    kind.kind === 'foreign' ? kind : { what: `a ${kind.kind} file`, remedy: 'unpack it first' };
  throw foreign(path, found, within);
}

function foreign(
  path: string,
  { what, remedy }: { readonly what: string; readonly remedy: string },
  within: string,
): DatasetError {
  return new DatasetError(
    'FOREIGN_FILE',
    `Cannot read ${path}: it is ${what}${within}: ${remedy}`,
    {
      file: path,
    },
  );
}
