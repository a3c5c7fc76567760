/**
 * Reads JSON lines: one object a line, of which the wanted top-level fields become a record. A state
 * machine fed with chunks that copies nothing but the wanted values: a number keeps its digits, where
 * JSON.parse would round ids and times beyond 2^53.
 *
 * Strings become their text, numbers and booleans theirs, null nothing; a list becomes its entries
 * with ", " between them, an object its JSON. Blank lines are no records. What stands in fields that
 * nobody wants is only looked at as far as finding its end takes.
 */
import { limits } from '../../limits.js';
import { RecordBuffer, type TableRecord } from '../table-record.js';
import { type Field, keyText, scanObject } from './json-object.js';
import { decodeUtf8 } from './utf8-text.js';

const LF = 0x0a;
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

export class JsonLinesParser {
  readonly #wanted: readonly {
    readonly column: number;
    readonly name: string;
    readonly key: Buffer;
  }[];
  readonly #onRecord: (record: TableRecord) => void;
  readonly #record = new RecordBuffer('line');
  readonly #fields: (Field | null)[];
  /** The start of a line whose end has not come yet. */
  #open = new Uint8Array(4096);
  #openLength = 0;
  #tooLong = false;
  #line = 1;

  /**
   * @param columns the names of a record's fields, in order
   * @param isWanted whether somebody looks at the field of this number; others stay empty
   */
  constructor(
    columns: readonly string[],
    isWanted: (column: number) => boolean,
    onRecord: (record: TableRecord) => void,
  ) {
    this.#wanted = columns
      .map((name, column) => ({ column, name, key: Buffer.from(name) }))
      .filter(({ column }) => isWanted(column));
    this.#fields = columns.map(() => null);
    this.#onRecord = onRecord;
  }

  /** Takes the next bytes of the file; the chunk may be reused after the call. */
  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; ) {
      const found = chunk.indexOf(LF, from);
      const end = found < 0 ? chunk.length : found;
      if (found >= 0 && this.#openLength === 0 && !this.#tooLong) {
        this.#endLine(chunk, from, end);
      } else {
        this.#keep(chunk, from, end);
        if (found >= 0) this.#endLine(this.#open, 0, this.#openLength);
      }
      from = end + 1;
    }
  }

  /** The file is over: the last line may lack its end. */
  end(): void {
    if (this.#openLength > 0 || this.#tooLong) this.#endLine(this.#open, 0, this.#openLength);
  }

  #keep(chunk: Uint8Array, from: number, end: number): void {
    const length = this.#openLength + end - from;
    if (length > limits.rowBytes) this.#tooLong = true;
    if (this.#tooLong) return;
    if (length > this.#open.length) {
      const larger = new Uint8Array(Math.max(length, this.#open.length * 2));
      larger.set(this.#open.subarray(0, this.#openLength));
      this.#open = larger;
    }
    this.#open.set(chunk.subarray(from, end), this.#openLength);
    this.#openLength = length;
  }

  #endLine(bytes: Uint8Array, from: number, end: number): void {
    const record = this.#record;
    record.reset(this.#line);
    const marked = this.#line === 1 && byteOrderMark.every((byte, i) => bytes[from + i] === byte);
    const start = marked ? from + byteOrderMark.length : from;
    if (this.#tooLong || end - start > limits.rowBytes) record.damage = 'ROW_TOO_LONG';
    else if (!isBlank(bytes, start, end)) this.#takeObject(bytes, start, end);
    if (record.fieldCount > 0 || record.damage !== null) this.#onRecord(record);
    this.#line++;
    this.#openLength = 0;
    this.#tooLong = false;
  }

  #takeObject(bytes: Uint8Array, start: number, end: number): void {
    const record = this.#record;
    this.#fields.fill(null);
    const isObject = scanObject(bytes, start, end, (key, field) => {
      const column = this.#columnOf(bytes, key);
      // As in JSON.parse, the last of a key that is there twice counts.
      if (column >= 0) this.#fields[column] = field;
    });
    if (!isObject) record.damage = 'BAD_JSON';
    for (const field of this.#fields) {
      if (field !== null && record.damage === null) appendValue(record, bytes, field);
      record.endField();
    }
  }

  /** Compares bytes, because a string for every key costs more than all else; -1 where nobody asks. */
  #columnOf(bytes: Uint8Array, field: Field): number {
    if (field.kind !== 'literal') {
      const text = keyText(bytes, field);
      return this.#wanted.find(({ name }) => name === text)?.column ?? -1;
    }
    const length = field.end - field.start;
    for (const { column, key } of this.#wanted) {
      if (key.length !== length) continue;
      let i = 0;
      while (i < length && key[i] === bytes[field.start + i]) i++;
      if (i === length) return column;
    }
    return -1;
  }
}

/** The names of all fields of the sample's objects, in the order in which they first appear. */
export function jsonColumns(sample: Uint8Array): readonly string[] {
  const columns = new Set<string>();
  for (let from = 0; from < sample.length; ) {
    const found = sample.indexOf(LF, from);
    const end = found < 0 ? sample.length : found;
    const keys: Field[] = [];
    const start = from === 0 && sample[0] === byteOrderMark[0] ? byteOrderMark.length : from;
    if (scanObject(sample, start, end, (key) => keys.push(key))) {
      for (const key of keys) columns.add(keyText(sample, key) ?? '');
    }
    from = end + 1;
  }
  return [...columns];
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 0x20) return false;
  return true;
}

function appendValue(record: RecordBuffer, bytes: Uint8Array, field: Field): void {
  const { start, end, kind } = field;
  switch (kind) {
    case 'nothing':
      return;
    case 'literal':
      if (!record.append(bytes, start, end)) record.damage = 'ROW_TOO_LONG';
      return;
    case 'escaped':
    case 'nested': {
      const text = valueText(bytes, start, end);
      if (text === null) record.damage = 'BAD_JSON';
      else if (!record.appendText(text)) record.damage = 'ROW_TOO_LONG';
    }
  }
}

/** The text of a value that has to be parsed; null where it is no JSON. */
function valueText(bytes: Uint8Array, start: number, end: number): string | null {
  const source = decodeUtf8(bytes, start, end);
  if (source === null) return null;
  try {
    return plainText(JSON.parse(source));
  } catch {
    return null;
  }
}

/** Of lists, the entries that hold something; nesting is no deeper than `scanObject` allows. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) {
    return value
      .map(plainText)
      .filter((text) => text !== '')
      .join(', ');
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
