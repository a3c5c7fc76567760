/**
 * Reads a Parquet file, one row group after the other: of each only the wanted columns, which are in
 * memory whole until the group's rows are done.
 */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import {
  type ColumnData,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { DatasetError } from '../../dataset-error.js';
import { limits } from '../../limits.js';
import type { Header } from '../table-header.js';
import { RecordBuffer, type TableRecord } from '../table-record.js';
import { type InputFile, unreadable } from './input-file.js';
import { plainText } from './json-lines-parser.js';
import { dateText, instantText } from './parquet-time.js';

export interface ParquetReader {
  header(header: Header): readonly number[];
  row(record: TableRecord): void;
  progress?(bytes: number, total: number): void;
}

/** Snappy is hyparquet's own. */
const compressors: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
  ZSTD: (input, length) => decompress(input, new Uint8Array(length)),
};

const codecs = ['UNCOMPRESSED', 'SNAPPY', ...Object.keys(compressors)];

/** Times keep all their digits as text; strings stay the bytes that they are. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint | undefined) => instantText(millis, 1_000_000n),
  timestampFromMicroseconds: (micros: bigint | undefined) => instantText(micros, 1000n),
  timestampFromNanoseconds: (nanos: bigint | undefined) => instantText(nanos, 1n),
  dateFromDays: (days: number | undefined) => dateText(days),
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes,
};

/** @throws DatasetError */
export async function readParquet(file: InputFile, reader: ParquetReader): Promise<void> {
  const metadata = await within(file, () =>
    parquetMetadataAsync(rangesOf(file), { parsers, geoparquet: false }),
  );
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const header: Header = {
    file: file.path,
    unit: 'row',
    columns: names.map((name) => ({ name, type: 'text' })),
  };
  const wanted = [...new Set(reader.header(header))].sort((a, b) => a - b);
  const wantedNames = wanted.map((column) => names[column]!);
  const record = new RecordBuffer('row');
  let start = 0;
  for (const [index, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows);
    checkGroup(file, metadata, index, wantedNames);
    const columns = await readGroup(file, metadata, names, wanted, start, rows);
    for (let row = 0; row < rows; row++) {
      fill(record, start + row + 1, names.length, columns, row);
      reader.row(record);
    }
    start += rows;
    reader.progress?.(
      Math.round((file.size * (index + 1)) / metadata.row_groups.length),
      file.size,
    );
  }
}

/** A row group's columns by their numbers; those that nobody wants are absent. */
type GroupColumns = readonly (Column | undefined)[];

/** The values of a column, page by page. */
class Column {
  readonly #pages: ArrayLike<unknown>[] = [];
  length = 0;
  /** The page of the row that was asked for last, and that page's first row. */
  #page = 0;
  #start = 0;

  add(values: ArrayLike<unknown>): void {
    this.#pages.push(values);
    this.length += values.length;
  }

  /** The value of a row; rows are asked for in order. */
  at(row: number): unknown {
    while (row >= this.#start + this.#pages[this.#page]!.length) {
      this.#start += this.#pages[this.#page++]!.length;
    }
    return this.#pages[this.#page]![row - this.#start];
  }
}

async function readGroup(
  file: InputFile,
  metadata: FileMetaData,
  names: readonly string[],
  wanted: readonly number[],
  start: number,
  rows: number,
): Promise<GroupColumns> {
  const columns: Column[] = [];
  for (const column of wanted) columns[column] = new Column();
  const onChunk = ({ columnName, columnData }: ColumnData): void => {
    columns[names.indexOf(columnName)]?.add(columnData);
  };
  await within(file, () =>
    parquetRead({
      file: rangesOf(file),
      metadata,
      columns: wanted.map((column) => names[column]!),
      rowStart: start,
      rowEnd: start + rows,
      compressors,
      parsers: parsers as never,
      geoparquet: false,
      onChunk,
    }),
  );
  for (const column of wanted) {
    const { length } = columns[column]!;
    if (length === rows) continue;
    const what = `the column "${names[column]}" has ${length} values for the ${rows} rows of a group`;
    throw unreadable(file.path, `its Parquet data is damaged: ${what}`);
  }
  return columns;
}

function fill(
  record: RecordBuffer,
  line: number,
  width: number,
  columns: GroupColumns,
  row: number,
): void {
  record.reset(line);
  for (let column = 0; column < width; column++) {
    const values = columns[column];
    if (values !== undefined && !append(record, values.at(row))) record.damage = 'ROW_TOO_LONG';
    record.endField();
  }
}

function append(record: RecordBuffer, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (value instanceof Uint8Array) return record.append(value, 0, value.length);
  if (typeof value === 'number' && Number.isNaN(value)) return true;
  return record.appendText(typeof value === 'object' ? plainText(readable(value)) : String(value));
}

/** Nested values as JSON has them: text instead of bytes, digits instead of big integers. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner)]));
}

/** Whether the wanted columns of a row group can be unpacked, into memory that there is. */
function checkGroup(
  file: InputFile,
  metadata: FileMetaData,
  group: number,
  wanted: readonly string[],
): void {
  let bytes = 0;
  for (const { meta_data: data } of metadata.row_groups[group]!.columns) {
    if (data === undefined || !wanted.includes(data.path_in_schema[0]!)) continue;
    bytes += Number(data.total_uncompressed_size);
    if (codecs.includes(data.codec)) continue;
    throw unreadable(
      file.path,
      `its pages are packed with ${data.codec}: they should be with one of ${codecs.join(', ')}`,
    );
  }
  if (bytes <= limits.parquetGroupBytes) return;
  throw new DatasetError(
    'TOO_LARGE',
    `Cannot read ${file.path}: row group ${group + 1} has ${bytes} bytes in the columns ${wanted.join(', ')}: ` +
      `at most ${limits.parquetGroupBytes} are allowed: write it with smaller row groups`,
    { file: file.path },
  );
}

function rangesOf(file: InputFile) {
  return {
    byteLength: file.size,
    slice: async (start: number, end = file.size): Promise<ArrayBuffer> => {
      const bytes = await file.range(start, Math.min(end, file.size));
      return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
    },
  };
}

/** hyparquet throws plain errors, and on damaged bytes whatever its arithmetic runs into. */
async function within<Result>(file: InputFile, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw unreadable(file.path, `its Parquet data cannot be read: ${why}`, cause);
  }
}
