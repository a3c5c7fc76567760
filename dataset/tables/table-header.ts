/**
 * The first line of an input file: plain column names in HLLM's CSV files, `name:type` in RecBole's
 * atomic files (https://recbole.io/docs/user_guide/data/atomic_files.html).
 */
import { DatasetError } from '../dataset-error.js';
import { atomic, csv, type DelimitedRecord, type Dialect } from './delimited-parser.js';
import { decodeUtf8 } from './utf8-text.js';

export type FileFormat = 'hllm' | 'recbole';

const columnTypes = ['text', 'token', 'token_seq', 'float', 'float_seq'] as const;

/** `text` is a column of a CSV file, which declares no types. */
export type ColumnType = (typeof columnTypes)[number];

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface Header {
  readonly file: string;
  readonly columns: readonly Column[];
}

export const dialectOf = (format: FileFormat): Dialect => (format === 'hllm' ? csv : atomic);

/** @throws DatasetError */
export function readHeader(file: string, format: FileFormat, record: DelimitedRecord): Header {
  const columns: Column[] = [];
  for (let field = 0; field < record.fieldCount; field++) {
    const text = decodeUtf8(record.bytes, record.start(field), record.end(field));
    if (record.damage !== null || text === null) {
      const what =
        text === null ? 'it is not UTF-8 text' : 'its quotes do not close or it is too long';
      throw badHeader(file, record.line, `${what}: it should be a header of column names`);
    }
    columns.push(format === 'hllm' ? { name: text, type: 'text' } : typed(file, record.line, text));
  }
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw badHeader(file, record.line, `the column "${twice}" appears twice: it should be unique`);
  }
  return { file, columns };
}

function typed(file: string, line: number, text: string): Column {
  const colon = text.lastIndexOf(':');
  const type = columnTypes.find((known) => known !== 'text' && known === text.slice(colon + 1));
  if (colon < 1 || type === undefined) {
    throw badHeader(
      file,
      line,
      `the column header is "${text}": it should be name:type with the type token, token_seq, float or float_seq`,
    );
  }
  return { name: text.slice(0, colon), type };
}

function badHeader(file: string, line: number, what: string): DatasetError {
  return new DatasetError('BAD_HEADER', `Cannot read ${file}, line ${line}: ${what}`, {
    file,
    line,
  });
}

/**
 * The position of a column.
 *
 * @throws DatasetError where it is missing, or is declared with a type that is not allowed
 */
export function columnIndex(header: Header, name: string, types: readonly ColumnType[]): number {
  const { file, columns } = header;
  const index = columns.findIndex((column) => column.name === name);
  if (index < 0) {
    throw new DatasetError(
      'MISSING_COLUMN',
      `Cannot read ${file}: it has no column "${name}": its columns are ` +
        columns.map((column) => `"${column.name}"`).join(', '),
      { file, line: 1 },
    );
  }
  const { type } = columns[index]!;
  if (type !== 'text' && !types.includes(type)) {
    throw badHeader(
      file,
      1,
      `the column "${name}" has the type ${type}: it should be ${types.join(' or ')}`,
    );
  }
  return index;
}
