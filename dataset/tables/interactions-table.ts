/**
 * The interactions file, read twice so that no row has to be kept: the first pass numbers the users
 * and counts their rows, the second puts each row where it belongs. At its peak that takes 8 bytes an
 * interaction (item and time; 12 where the times do not fit into four bytes).
 */

import { type BadRowReason, DatasetError } from '../dataset-error.js';
import { limits } from '../limits.js';
import { BadRows, type OnBadRow } from './bad-rows.js';
import { type LabelRule, labelWords, parseLabel } from './fields/label-field.js';
import { parseNumber } from './fields/number-field.js';
import { TimeRange } from './fields/time-column.js';
import { newTimeField, readTime, type TimeField } from './fields/timestamp-field.js';
import { isUtf8, noUtf8 } from './formats/utf8-text.js';
import { GrowableInt32Array } from './growable-array.js';
import { IdTable } from './id-table.js';
import { describeDamage, fileChanged } from './items-table.js';
import { mostLabelledItems, packLabel, unpackLabels } from './labelled-items.js';
import { readTable, type TableFile } from './read-table.js';
import { sortSequencesByTime } from './sort-by-time.js';
import { columnIndex, type Header } from './table-header.js';
import type { TableRecord } from './table-record.js';

export interface InteractionsSource {
  readonly table: TableFile;
  readonly userColumn: string;
  readonly itemColumn: string;
  readonly timeColumn: string;
  /** Interactions with a lower rating are left out; null where ratings are not looked at. */
  readonly rating: { readonly column: string; readonly least: number } | null;
  /** Null where nobody asks for labels. */
  readonly label: LabelRule | null;
  readonly onBadRow: OnBadRow;
  /** The items that have a usable text. */
  readonly items: IdTable;
  readonly progress?: (pass: 1 | 2, bytes: number, total: number) => void;
}

/** What the first pass has found. */
export interface InteractionCounts {
  readonly users: IdTable;
  /** Rows of each user whose rating is high enough. */
  readonly perUser: GrowableInt32Array;
  readonly total: number;
  /** What the rating takes away: rows, and users and items that have no others. */
  readonly lowRated: { readonly rows: number; readonly users: number; readonly items: number };
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
  const items = new SeenItems(source.items.count);
  const times = new TimeRange();
  const badRows = new BadRows(source.onBadRow, file);
  let [total, low] = [0, 0];
  const found = await readRows(source, 1, times, badRows, (record, layout, item, time, isLow) => {
    const { user: userField } = layout;
    const user = users.add(record.bytes, record.start(userField), record.end(userField));
    if (user === perUser.length) perUser.push(0);
    times.add(time);
    items.add(item, isLow);
    if (isLow) {
      low++;
      return;
    }
    perUser.increment(user);
    if (++total > limits.rows) {
      throw new DatasetError(
        'TOO_LARGE',
        `Cannot read ${file}, ${record.unit} ${record.line}: at most ${limits.rows} interactions are possible`,
        { file, line: record.line },
      );
    }
  });
  if (total + low === 0) {
    throw new DatasetError('NO_INTERACTIONS', `Cannot use ${file}: it holds no usable row`, {
      file,
    });
  }
  let empty = 0;
  for (let user = 0; user < users.count; user++) if (perUser.get(user) === 0) empty++;
  const lowRated = { rows: low, users: empty, items: items.lowAlone };
  return { users, perUser, total, lowRated, times, badRows, found };
}

/** Which items occur, and which of them in low ratings alone. */
class SeenItems {
  readonly #seen: Uint8Array;

  constructor(items: number) {
    this.#seen = new Uint8Array(items);
  }

  add(item: number, isLow: boolean): void {
    this.#seen[item] = this.#seen[item]! | (isLow ? 1 : 2);
  }

  get lowAlone(): number {
    return this.#seen.reduce((sum, seen) => (seen === 1 ? sum + 1 : sum), 0);
  }
}

export interface Sequences {
  /** [users + 1] */
  readonly offsets: Uint32Array;
  /** Item numbers, each user's in the order of time. */
  readonly items: Int32Array;
  /** Of each of them; null where nobody asked. */
  readonly labels: Uint8Array | null;
}

/** Second pass; items have the numbers that the items file gave them. */
export async function readSequences(
  source: InteractionsSource,
  counts: InteractionCounts,
): Promise<Sequences> {
  if (source.label !== null && source.items.count > mostLabelledItems) {
    throw new DatasetError(
      'TOO_LARGE',
      `Cannot read labels of ${source.items.count} items: at most ${mostLabelledItems} are possible`,
    );
  }
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
    (record, { user: userField, time, label }, item, at, isLow) => {
      if (isLow) return;
      const user = users.find(record.bytes, record.start(userField), record.end(userField));
      const place = user < 0 ? 0 : next[user]!;
      if (user < 0 || place >= offsets[user + 1]!) throw fileChanged(source.table.path);
      next[user] = place + 1;
      items[place] = label === null ? item : packLabel(item, labelOf(source, record, label));
      store.put(place, at, record.bytes, record.start(time), record.end(time));
    },
  );
  if (next.some((end, user) => user < users.count && end !== offsets[user + 1])) {
    throw fileChanged(source.table.path);
  }
  sortSequencesByTime(offsets, items, store.times);
  return { offsets, items, labels: source.label === null ? null : unpackLabels(items) };
}

interface Layout {
  readonly columns: number;
  readonly user: number;
  readonly item: number;
  readonly time: number;
  readonly rating: number | null;
  readonly label: number | null;
}

type Visit = (
  record: TableRecord,
  layout: Layout,
  item: number,
  time: TimeField,
  isLow: boolean,
) => void;

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
  const least = source.rating?.least ?? Number.NEGATIVE_INFINITY;
  let layout: Layout | null = null;
  return readTable(source.table, {
    header: (header) => {
      layout = layoutOf(source, header);
      const { user, item, time: timeField, rating, label } = layout;
      // A column may be the rating and the label, and is then read once.
      return [...new Set([user, item, timeField, rating, label])].filter((field) => field !== null);
    },
    row: (record) => {
      const { columns, user, item, time: timeField, label } = layout!;
      const { bytes } = record;
      const damage = describeDamage(record, columns);
      if (damage !== null) {
        badRows.report(damage[0], record, damage[1]);
        return;
      }
      const number = items.find(bytes, record.start(item), record.end(item));
      readTime(bytes, record.start(timeField), record.end(timeField), time);
      const rated = ratingOf(record, layout!);
      if (
        number < 0 ||
        Number.isNaN(rated) ||
        (label !== null && Number.isNaN(labelOf(source, record, label))) ||
        time.kind === 'none' ||
        (time.kind !== times.kind && times.kind !== 'none') ||
        record.start(user) === record.end(user) ||
        !isUtf8(bytes, record.start(user), record.end(user))
      ) {
        const [reason, what] = explainBadRow(source, record, layout!, time, times);
        badRows.report(reason, record, what);
      } else {
        visit(record, layout!, number, time, rated < least);
      }
    },
    ...(progress && { progress: (bytes, total) => progress(pass, bytes, total) }),
  });
}

function layoutOf(
  { userColumn, itemColumn, timeColumn, rating, label }: InteractionsSource,
  header: Header,
): Layout {
  return {
    columns: header.columns.length,
    user: columnIndex(header, userColumn, ['token'], '--user-column'),
    item: columnIndex(header, itemColumn, ['token'], '--item-column'),
    time: columnIndex(header, timeColumn, ['float', 'token'], '--time-column'),
    rating:
      rating === null
        ? null
        : columnIndex(header, rating.column, ['float', 'token'], '--rating-column'),
    label: label === null ? null : columnIndex(header, label.column, ['float', 'token'], '--label'),
  };
}

/** NaN where there should be a number and is none; any number where nobody asks. */
function ratingOf(record: TableRecord, { rating }: Layout): number {
  if (rating === null) return 0;
  return parseNumber(record.bytes, record.start(rating), record.end(rating));
}

/** NaN where there should be a label and is none. */
const labelOf = ({ label: rule }: InteractionsSource, record: TableRecord, field: number): number =>
  parseLabel(record.bytes, record.start(field), record.end(field), rule?.atLeast ?? null);

/** Says what is wrong with a row that is known to be bad. */
function explainBadRow(
  source: InteractionsSource,
  record: TableRecord,
  { user, item, time: timeField, rating, label }: Layout,
  time: TimeField,
  times: TimeRange,
): readonly [BadRowReason, string] {
  const { bytes } = record;
  const fields = { user, item } as const;
  for (const name of ['user', 'item'] as const) {
    const [start, end] = [record.start(fields[name]), record.end(fields[name])];
    if (start === end) return ['EMPTY_ID', `the ${name} id is empty`];
    if (!isUtf8(bytes, start, end)) return ['BAD_UTF8', `the ${name} id ${noUtf8}`];
  }
  const timestamp = quote(record, timeField);
  if (time.kind === 'none') return ['BAD_TIME', `the timestamp is ${timestamp}: ${timeRule}`];
  if (times.kind !== 'none' && time.kind !== times.kind) {
    return [
      'BAD_TIME',
      `the timestamp is ${timestamp}: it should be a ${times.kind}, as in the rows before it`,
    ];
  }
  if (
    rating !== null &&
    Number.isNaN(parseNumber(bytes, record.start(rating), record.end(rating)))
  ) {
    return ['BAD_NUMBER', `the rating is ${quote(record, rating)}: it should be a number`];
  }
  if (label !== null && Number.isNaN(labelOf(source, record, label))) {
    const rule = labelWords(source.label as LabelRule);
    return ['BAD_LABEL', `the label is ${quote(record, label)}: it should be ${rule}`];
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
