/**
 * The interactions file, read twice so that no row has to be kept: the first pass numbers the users
 * and counts their rows, the second puts each row where it belongs. At its peak that takes 8 bytes an
 * interaction (item and time; 12 where times are no whole numbers within 2^32 of each other).
 */

import { type BadRowReason, DatasetError } from '../dataset-error.js';
import { limits } from '../limits.js';
import { BadRows, type OnBadRow } from './bad-rows.js';
import type { DelimitedRecord } from './delimited-parser.js';
import { GrowableInt32Array } from './growable-array.js';
import { IdTable } from './id-table.js';
import { describeDamage, fileChanged } from './items-table.js';
import { parseNumber } from './number-field.js';
import { readTable } from './read-table.js';
import { sortSequencesByTime, type Times } from './sort-by-time.js';
import { columnIndex, type FileFormat, type Header } from './table-header.js';
import { isUtf8 } from './utf8-text.js';

export interface InteractionsSource {
  readonly file: string;
  readonly format: FileFormat;
  readonly userColumn: string;
  readonly itemColumn: string;
  readonly timeColumn: string;
  readonly onBadRow: OnBadRow;
  /** The items that have a usable text. */
  readonly items: IdTable;
  readonly progress?: (pass: 1 | 2, bytes: number, total: number) => void;
}

/** What the first pass has found. */
export interface InteractionCounts {
  readonly users: IdTable;
  /** Rows of each user. */
  readonly perUser: GrowableInt32Array;
  /** Rows of each item. */
  readonly perItem: Uint32Array;
  readonly total: number;
  readonly times: TimeRange;
  readonly badRows: BadRows;
}

interface TimeRange {
  least: number;
  most: number;
  whole: boolean;
}

/** @throws DatasetError */
export async function countInteractions(source: InteractionsSource): Promise<InteractionCounts> {
  const users = new IdTable();
  const perUser = new GrowableInt32Array();
  const perItem = new Uint32Array(source.items.count);
  const times: TimeRange = {
    least: Number.POSITIVE_INFINITY,
    most: Number.NEGATIVE_INFINITY,
    whole: true,
  };
  const badRows = new BadRows(source.onBadRow, source.file);
  let total = 0;
  await readRows(source, 1, badRows, (record, userField, item, time) => {
    const user = users.add(record.bytes, record.start(userField), record.end(userField));
    if (user === perUser.length) perUser.push(0);
    perUser.increment(user);
    perItem[item] = perItem[item]! + 1;
    if (time < times.least) times.least = time;
    if (time > times.most) times.most = time;
    if (!Number.isInteger(time)) times.whole = false;
    if (++total > limits.rows) {
      throw new DatasetError(
        'TOO_LARGE',
        `Cannot read ${source.file}, line ${record.line}: at most ${limits.rows} interactions are possible`,
        { file: source.file, line: record.line },
      );
    }
  });
  if (total === 0) {
    throw new DatasetError('NO_INTERACTIONS', `Cannot use ${source.file}: it holds no usable row`, {
      file: source.file,
    });
  }
  return { users, perUser, perItem, total, times, badRows };
}

export interface Sequences {
  /** [users + 1] */
  readonly offsets: Uint32Array;
  /** New item numbers, each user's in the order of time. */
  readonly items: Int32Array;
}

/** Second pass. `renumbered[item]` is the item's number in the dataset. */
export async function readSequences(
  source: InteractionsSource,
  counts: InteractionCounts,
  renumbered: Int32Array,
): Promise<Sequences> {
  const { users, total } = counts;
  const perUser = counts.perUser.take();
  const offsets = new Uint32Array(users.count + 1);
  for (let user = 0; user < users.count; user++)
    offsets[user + 1] = offsets[user]! + perUser[user]!;
  const next = offsets.slice();
  const items = new Int32Array(total);
  const { times, base } = timesFor(counts);
  await readRows(source, 2, new BadRows('skip', source.file), (record, userField, item, time) => {
    const user = users.find(record.bytes, record.start(userField), record.end(userField));
    if (user < 0 || next[user]! >= offsets[user + 1]!) throw fileChanged(source.file);
    const at = next[user]!;
    next[user] = at + 1;
    items[at] = renumbered[item]!;
    times[at] = time - base;
  });
  if (next.some((end, user) => user < users.count && end !== offsets[user + 1])) {
    throw fileChanged(source.file);
  }
  sortSequencesByTime(offsets, items, times);
  return { offsets, items };
}

/** Whole times within 2^32 of each other take 4 bytes each, seconds of any century among them. */
function timesFor({ times, total }: InteractionCounts): { times: Times; base: number } {
  const { least, most, whole } = times;
  if (whole && most - least < 2 ** 32) return { times: new Uint32Array(total), base: least };
  return { times: new Float64Array(total), base: 0 };
}

interface Layout {
  readonly columns: number;
  readonly user: number;
  readonly item: number;
  readonly time: number;
}

/** Hands over every good row; both passes take the same ones. */
async function readRows(
  source: InteractionsSource,
  pass: 1 | 2,
  badRows: BadRows,
  visit: (record: DelimitedRecord, userField: number, item: number, time: number) => void,
): Promise<void> {
  const { items, progress } = source;
  let layout: Layout | null = null;
  await readTable(source.file, source.format, {
    header: (header) => {
      layout = layoutOf(source, header);
    },
    row: (record) => {
      const { columns, user, item, time } = layout!;
      const { bytes } = record;
      const damage = describeDamage(record, columns);
      if (damage !== null) {
        badRows.report(damage[0], record.line, damage[1]);
        return;
      }
      const number = items.find(bytes, record.start(item), record.end(item));
      const timestamp = parseNumber(bytes, record.start(time), record.end(time));
      if (
        number < 0 ||
        Number.isNaN(timestamp) ||
        record.start(user) === record.end(user) ||
        !isUtf8(bytes, record.start(user), record.end(user))
      ) {
        const [reason, what] = explainBadRow(record, layout!, timestamp);
        badRows.report(reason, record.line, what);
      } else {
        visit(record, user, number, timestamp);
      }
    },
    ...(progress && { progress: (bytes, total) => progress(pass, bytes, total) }),
  });
}

function layoutOf(
  { userColumn, itemColumn, timeColumn }: InteractionsSource,
  header: Header,
): Layout {
  return {
    columns: header.columns.length,
    user: columnIndex(header, userColumn, ['token']),
    item: columnIndex(header, itemColumn, ['token']),
    time: columnIndex(header, timeColumn, ['float', 'token']),
  };
}

/** Says what is wrong with a row that is known to be bad. */
function explainBadRow(
  record: DelimitedRecord,
  { user, item, time }: Layout,
  timestamp: number,
): readonly [BadRowReason, string] {
  const { bytes } = record;
  const fields = { user, item } as const;
  for (const name of ['user', 'item'] as const) {
    const [start, end] = [record.start(fields[name]), record.end(fields[name])];
    if (start === end) return ['EMPTY_ID', `the ${name} id is empty`];
    if (!isUtf8(bytes, start, end)) return ['BAD_UTF8', `the ${name} id is not UTF-8 text`];
  }
  if (Number.isNaN(timestamp)) {
    return ['BAD_NUMBER', `the timestamp is ${quote(record, time)}: it should be a number`];
  }
  return [
    'UNKNOWN_ITEM',
    `the item is ${quote(record, item)}: it should be one that has a text in the items file`,
  ];
}

/** A field as it may stand in a message: quoted, and not longer than a line. */
function quote(record: DelimitedRecord, field: number): string {
  const bytes = record.bytes.subarray(record.start(field), record.end(field));
  return JSON.stringify(Buffer.from(bytes).toString('utf8').slice(0, 80));
}
