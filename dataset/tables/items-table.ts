/**
 * The items file, read several times rather than kept: first to number the items, later to see
 * their texts again in the same order. What makes a row bad is decided once, in the first pass.
 */

import { DatasetError } from '../dataset-error.js';
import type { TextField } from '../import/item-text.js';
import { BadRows, type OnBadRow } from './bad-rows.js';
import { decodeUtf8, isUtf8, noUtf8 } from './formats/utf8-text.js';
import { GrowableInt32Array } from './growable-array.js';
import { IdTable } from './id-table.js';
import { readTable, type TableFile } from './read-table.js';
import { columnIndex, type Header } from './table-header.js';
import type { RowPlace, TableRecord } from './table-record.js';

export interface ItemsSource {
  readonly table: TableFile;
  readonly idColumn: string;
  /** Null: every column but the item's, in the file's order, under its own name. */
  readonly fields: readonly TextField[] | null;
  /** What people call an item; null: the column that looks like it. */
  readonly titleColumn: string | null;
  readonly onBadRow: OnBadRow;
  readonly progress?: (bytes: number, total: number) => void;
}

interface Layout {
  readonly columns: number;
  readonly item: number;
  readonly fields: readonly {
    readonly index: number;
    readonly key: string;
    readonly list: boolean;
  }[];
  readonly title: number;
}

export interface ItemsTable {
  readonly ids: IdTable;
  readonly keys: readonly string[];
  /** The column of the titles. */
  readonly titleColumn: string;
  readonly badRows: BadRows;
  /** What the file turned out to be, for people. */
  readonly found: string;
  /** Hands over the values of every good item in the order of their numbers. */
  readTexts(visit: VisitText): Promise<void>;
}

export type VisitText = (
  item: number,
  values: readonly string[],
  place: RowPlace,
  title: string,
) => void;

/** @throws DatasetError */
export async function openItems(source: ItemsSource): Promise<ItemsTable> {
  const file = source.table.path;
  const ids = new IdTable();
  const lines = new GrowableInt32Array();
  const badRows = new BadRows(source.onBadRow, file);
  let layout: Layout | null = null;
  let titleColumn = '';
  const found = await readTable(source.table, {
    header: (header) => {
      layout = layoutOf(source, header);
      titleColumn = header.columns[layout.title]!.name;
      return columnsOf(layout);
    },
    row: (record) => {
      const values = readRow(layout!, record, badRows);
      if (values === null) return;
      const [start, end] = [record.start(layout!.item), record.end(layout!.item)];
      const before = ids.count;
      const item = ids.add(record.bytes, start, end);
      if (item === before) lines.push(record.line);
      else {
        badRows.report(
          'DUPLICATE_ITEM',
          record,
          `the item "${ids.text(item)}" is already on ${record.unit} ${lines.get(item)}: it should be there once`,
        );
      }
    },
    ...(source.progress && { progress: source.progress }),
  });
  if (ids.count === 0) {
    throw new DatasetError('EMPTY_FILE', `Cannot use ${file}: it holds no usable item`, { file });
  }
  const keys = layout!.fields.map(({ key }) => key);
  return {
    ids,
    keys,
    titleColumn,
    badRows,
    found,
    readTexts: (visit) => readTexts(source, lines, visit),
  };
}

function layoutOf({ idColumn, fields, titleColumn }: ItemsSource, header: Header): Layout {
  const item = columnIndex(header, idColumn, ['token'], '--id-column');
  const wanted =
    fields ??
    header.columns
      .filter(({ name }) => name !== idColumn)
      .map(({ name }) => ({ column: name, key: name }));
  if (wanted.length === 0) {
    throw new DatasetError(
      'MISSING_COLUMN',
      `Cannot read ${header.file}: it has no column but "${idColumn}": it should have text columns`,
      { file: header.file, line: 1 },
    );
  }
  const title = titleColumn ?? titleAmong(wanted.map(({ column }) => column));
  return {
    columns: header.columns.length,
    item,
    title: columnIndex(header, title, anyType, '--title-column'),
    fields: wanted.map(({ column, key }) => {
      const index = columnIndex(header, column, anyType, '--text-columns');
      return { index, key, list: header.columns[index]!.type.endsWith('_seq') };
    }),
  };
}

/** The column that looks most like a title; else the first. */
export function titleAmong(columns: readonly string[]): string {
  const likely = [/^title$/i, /^name$/i, /(^|_|\b)title$/i, /(^|_|\b)name$/i];
  for (const form of likely) {
    const found = columns.find((column) => form.test(column));
    if (found !== undefined) return found;
  }
  return columns[0]!;
}

const anyType = ['token', 'token_seq', 'float', 'float_seq'] as const;

const columnsOf = ({ item, fields, title }: Layout): number[] => [
  item,
  title,
  ...fields.map(({ index }) => index),
];

/** The text values of a row, or null where the row is bad, which is reported. */
function readRow(
  { columns, item, fields }: Layout,
  record: TableRecord,
  badRows: BadRows,
): readonly string[] | null {
  const bad = (reason: Parameters<BadRows['report']>[0], what: string): null => {
    badRows.report(reason, record, what);
    return null;
  };
  const damage = describeDamage(record, columns);
  if (damage !== null) return bad(...damage);
  const { bytes } = record;
  if (record.start(item) === record.end(item)) return bad('EMPTY_ID', 'the item id is empty');
  if (!isUtf8(bytes, record.start(item), record.end(item))) {
    return bad('BAD_UTF8', `the item id ${noUtf8}`);
  }
  const values: string[] = [];
  for (const { index, key, list } of fields) {
    const text = decodeUtf8(bytes, record.start(index), record.end(index));
    if (text === null) return bad('BAD_UTF8', `the field "${key}" ${noUtf8}`);
    // RecBole separates the entries of a list by single spaces; empty ones carry nothing.
    values.push(list ? text.split(' ').filter(Boolean).join(' ') : text);
  }
  if (values.every((value) => value.trim() === '')) {
    return bad('EMPTY_TEXT', 'every text field is empty: at least one should hold text');
  }
  return values;
}

/** What is wrong with a record before its fields are looked at; null where nothing is. */
export function describeDamage(
  record: TableRecord,
  columns: number,
): readonly ['BAD_QUOTES' | 'BAD_JSON' | 'ROW_TOO_LONG' | 'FIELD_COUNT', string] | null {
  if (record.damage === 'BAD_QUOTES') {
    return [
      'BAD_QUOTES',
      'a quote stands where none may: quotes should enclose a whole field and be doubled inside it',
    ];
  }
  if (record.damage === 'ROW_TOO_LONG') {
    return ['ROW_TOO_LONG', 'the row is longer than 1 MiB: perhaps a quote is not closed'];
  }
  if (record.damage === 'BAD_JSON') return ['BAD_JSON', 'it should hold one whole JSON object'];
  if (record.fieldCount !== columns) {
    return ['FIELD_COUNT', `the row has ${record.fieldCount} fields: it should have ${columns}`];
  }
  return null;
}

async function readTexts(
  source: ItemsSource,
  lines: GrowableInt32Array,
  visit: VisitText,
): Promise<void> {
  const ignored = new BadRows('skip', source.table.path);
  let layout: Layout | null = null;
  let item = 0;
  await readTable(source.table, {
    header: (header) => {
      layout = layoutOf(source, header);
      return columnsOf(layout);
    },
    row: (record) => {
      // Duplicates and bad rows stand on lines that the first pass has not kept.
      if (item === lines.length || record.line !== lines.get(item)) return;
      const values = readRow(layout!, record, ignored);
      if (values === null) return;
      const { title } = layout!;
      // Where it is no part of the model's text, it need not be good text either.
      const text = decodeUtf8(record.bytes, record.start(title), record.end(title)) ?? '';
      visit(item++, values, record, text.trim());
    },
  });
  if (item !== lines.length) throw fileChanged(source.table.path);
}

export function fileChanged(file: string): DatasetError {
  return new DatasetError(
    'FILE_CHANGED',
    `Cannot read ${file}: it has changed while it was read: it should stay as it is`,
    { file },
  );
}
