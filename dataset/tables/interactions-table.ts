/**
 * The interactions file, read twice so that no row has to be kept: the first pass numbers the users
 * and counts their rows, the second puts each row where it belongs. At its peak that takes 8 bytes an
 * interaction (item and time; 12 where the times do not fit into four bytes).
 */

import { type BadRowReason, DatasetError } from '../dataset-error.js';
import { limits } from '../limits.js';
import { BadRows, type OnBadRow } from './bad-rows.js';
import { GrowableInt32Array } from './growable-array.js';
import { IdTable } from './id-table.js';
import { describeDamage, fileChanged } from './items-table.js';
import { readTable, type TableFile } from './read-table.js';
import { sortSequencesByTime } from './sort-by-time.js';
import { columnIndex, type Header } from './table-header.js';
import type { TableRecord } from './table-record.js';
import { TimeRange } from './time-column.js';
import { newTimeField, readTime, type TimeField } from './timestamp-field.js';
import { isUtf8 } from './utf8-text.js';

export interface InteractionsSource {
  readonly table: TableFile;
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
  /** What the file turned out to be, for people. */
  readonly found: string;
}

/** @throws DatasetError */
export async function countInteractions(source: InteractionsSource): Promise<InteractionCounts> {
  const file = source.table.path;
  const users = new IdTable();
  const perUser = new GrowableInt32Array();
  const perItem = new Uint32Array(source.items.count);
  const times = new TimeRange();
  const badRows = new BadRows(source.onBadRow, file);
  let total = 0;
  const found = await readRows(source, 1, times, badRows, (record, layout, item, time) => {
    const { user: userField } = layout;
    const user = users.add(record.bytes, record.start(userField), record.end(userField));
    if (user === perUser.length) perUser.push(0);
    perUser.increment(user);
    perItem[item] = perItem[item]! + 1;
    times.add(time);
    if (++total > limits.rows) {
      throw new DatasetError(
        'TOO_LARGE',
        `Cannot read ${file}, ${record.unit} ${record.line}: at most ${limits.rows} interactions are possible`,
        { file, line: record.line },
      );
    }
  });
  if (total === 0) {
    throw new DatasetError('NO_INTERACTIONS', `Cannot use ${file}: it holds no usable row`, {
      file,
    });
  }
  return { users, perUser, perItem, total, times, badRows, found };
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
  const store = counts.times.store(total);
  const ignored = new BadRows('skip', source.table.path);
  await readRows(
    source,
    2,
    counts.times,
    ignored,
    (record, { user: userField, time }, item, at) => {
      const user = users.find(record.bytes, record.start(userField), record.end(userField));
      const place = user < 0 ? 0 : next[user]!;
      if (user < 0 || place >= offsets[user + 1]!) throw fileChanged(source.table.path);
      next[user] = place + 1;
      items[place] = renumbered[item]!;
      store.put(place, at, record.bytes, record.start(time), record.end(time));
    },
  );
  if (next.some((end, user) => user < users.count && end !== offsets[user + 1])) {
    throw fileChanged(source.table.path);
  }
  sortSequencesByTime(offsets, items, store.times);
  return { offsets, items };
}

interface Layout {
  readonly columns: number;
  readonly user: number;
  readonly item: number;
  readonly time: number;
}

type Visit = (record: TableRecord, layout: Layout, item: number, time: TimeField) => void;

/** Hands over every good row; both passes take the same ones. Returns what the file turned out to be. */
function readRows(
  source: InteractionsSource,
  pass: 1 | 2,
  times: TimeRange,
  badRows: BadRows,
  visit: Visit,
): Promise<string> {
  const { items, progress } = source;
  const time = newTimeField();
  let layout: Layout | null = null;
  return readTable(source.table, {
    header: (header) => {
      layout = layoutOf(source, header);
      return [layout.user, layout.item, layout.time];
    },
    row: (record) => {
      const { columns, user, item, time: timeField } = layout!;
      const { bytes } = record;
      const damage = describeDamage(record, columns);
      if (damage !== null) {
        badRows.report(damage[0], record, damage[1]);
        return;
      }
      const number = items.find(bytes, record.start(item), record.end(item));
      readTime(bytes, record.start(timeField), record.end(timeField), time);
      if (
        number < 0 ||
        time.kind === 'none' ||
        (time.kind !== times.kind && times.kind !== 'none') ||
        record.start(user) === record.end(user) ||
        !isUtf8(bytes, record.start(user), record.end(user))
      ) {
        const [reason, what] = explainBadRow(record, layout!, time, times);
        badRows.report(reason, record, what);
      } else {
        visit(record, layout!, number, time);
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
    user: columnIndex(header, userColumn, ['token'], '--user-column'),
    item: columnIndex(header, itemColumn, ['token'], '--item-column'),
    time: columnIndex(header, timeColumn, ['float', 'token'], '--time-column'),
  };
}

/** Says what is wrong with a row that is known to be bad. */
function explainBadRow(
  record: TableRecord,
  { user, item, time: timeField }: Layout,
  time: TimeField,
  times: TimeRange,
): readonly [BadRowReason, string] {
  const { bytes } = record;
  const fields = { user, item } as const;
  for (const name of ['user', 'item'] as const) {
    const [start, end] = [record.start(fields[name]), record.end(fields[name])];
    if (start === end) return ['EMPTY_ID', `the ${name} id is empty`];
    if (!isUtf8(bytes, start, end)) return ['BAD_UTF8', `the ${name} id is not UTF-8 text`];
  }
  const timestamp = quote(record, timeField);
  if (time.kind === 'none') return ['BAD_TIME', `the timestamp is ${timestamp}: ${timeRule}`];
  if (times.kind !== 'none' && time.kind !== times.kind) {
    return [
      'BAD_TIME',
      `the timestamp is ${timestamp}: it should be a ${times.kind}, as in the rows before it`,
    ];
  }
  return [
    'UNKNOWN_ITEM',
    `the item is ${quote(record, item)}: it should be one that has a text in the items file`,
  ];
}

const timeRule =
  'it should be a number, or a date of ISO 8601 such as 2024-12-31 or 2024-12-31T18:30:00Z';

/** A field as it may stand in a message: quoted, and not longer than a line. */
function quote(record: TableRecord, field: number): string {
  const bytes = record.bytes.subarray(record.start(field), record.end(field));
  return JSON.stringify(Buffer.from(bytes).toString('utf8').slice(0, 80));
}
