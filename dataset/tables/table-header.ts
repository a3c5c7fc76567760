/**
 * The first line of an input file: plain column names in HLLM's CSV files, `name:type` in RecBole's
 * atomic files (https://recbole.io/docs/user_guide/data/atomic_files.html).
 */
import { DatasetError } from '../dataset-error.js';
import { decodeUtf8 } from './formats/utf8-text.js';
import type { RowUnit, TableRecord } from './table-record.js';

const columnTypes = ['text', 'token', 'token_seq', 'float', 'float_seq'] as const;

/** `text` is a column of a CSV file, which declares no types. */
export type ColumnType = (typeof columnTypes)[number];

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface Header {
  readonly file: string;
  readonly unit: RowUnit;
  readonly columns: readonly Column[];
}

/**
 * @param typed whether the columns declare types
 * @throws DatasetError
 */
export function readHeader(file: string, typed: boolean, record: TableRecord): Header {
  const columns: Column[] = [];
  for (let field = 0; field < record.fieldCount; field++) {
    const text = decodeUtf8(record.bytes, record.start(field), record.end(field));
    if (record.damage !== null || text === null) {
      const what =
        text === null ? 'it is not UTF-8 text' : 'its quotes do not close or it is too long';
      throw badHeader(file, record.line, `${what}: it should be a header of column names`);
    }
    columns.push(typed ? typedColumn(file, record.line, text) : { name: text, type: 'text' });
  }
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw badHeader(file, record.line, `the column "${twice}" appears twice: it should be unique`);
  }
  return { file, unit: 'line', columns };
}

/** The header of a file that has none, from the names that were given for it. */
export function givenHeader(file: string, names: readonly string[]): Header {
  return { file, unit: 'line', columns: names.map((name) => ({ name, type: 'text' })) };
}

/** Whether a column's header declares a type as RecBole does. */
export function isTypedColumn(text: string): boolean {
  return /^.+:(token|token_seq|float|float_seq)$/.test(text);
}

function typedColumn(file: string, line: number, text: string): Column {
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
 * @param option what names another one
 * @throws DatasetError where it is missing, or is declared with a type that is not allowed
 */
export function columnIndex(
  header: Header,
  name: string,
  types: readonly ColumnType[],
  option: string,
): number {
  const { file, columns } = header;
  const index = columns.findIndex((column) => column.name === name);
  if (index < 0) {
    throw new DatasetError(
      'MISSING_COLUMN',
      `Cannot read ${file}: it has no column "${name}": its columns are ` +
        `${listed(columns)}: ${option} should name one of them${hint(columns)}`,
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

/** A number is no name: then the first line is a row already. */
function hint(columns: readonly Column[]): string {
  return columns.some(({ name }) => /^-?\d+(\.\d+)?$/.test(name))
    ? ', or, if its first line is a row already, --interactions-header or --items-header its columns'
    : '';
}

/** So many names fit on a screen, and tell what kind of file it is. */
const mostListed = 40;

function listed(columns: readonly Column[]): string {
  const names = columns.slice(0, mostListed).map(({ name }) => JSON.stringify(name.slice(0, 80)));
  const more = columns.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
