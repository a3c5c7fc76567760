/** One row of a table file, whatever the file's format: its fields are UTF-8 text. */
import { limits } from '../limits.js';

/** Why a record's fields cannot be used. */
export type RecordDamage = 'BAD_QUOTES' | 'ROW_TOO_LONG' | 'BAD_JSON';

/** What a file's rows are counted in: a Parquet file has no lines. */
export type RowUnit = 'line' | 'row';

/** Where a row stands, for messages. */
export interface RowPlace {
  /** The line on which the record starts, or its row, counted from 1. */
  readonly line: number;
  readonly unit: RowUnit;
}

/** One record; valid only inside the call that hands it over. */
export interface TableRecord extends RowPlace {
  readonly fieldCount: number;
  /** Field i is bytes[start(i)..end(i)). */
  readonly bytes: Uint8Array;
  start(field: number): number;
  end(field: number): number;
  /** Null where the record is whole. */
  readonly damage: RecordDamage | null;
}

const encoder = new TextEncoder();
/** More than any UTF-16 unit takes as UTF-8. */
const bytesPerUnit = 3;

/** Holds one record after the other in the same memory, so that rows cost none. */
export class RecordBuffer implements TableRecord {
  readonly unit: RowUnit;
  line = 1;
  fieldCount = 0;
  damage: RecordDamage | null = null;
  bytes: Uint8Array = new Uint8Array(4096);
  length = 0;
  readonly #ends: number[] = [];

  constructor(unit: RowUnit) {
    this.unit = unit;
  }

  start(field: number): number {
    return field === 0 ? 0 : this.#ends[field - 1]!;
  }

  end(field: number): number {
    return this.#ends[field]!;
  }

  endField(): void {
    this.#ends[this.fieldCount++] = this.length;
  }

  reset(line: number): void {
    this.line = line;
    this.fieldCount = 0;
    this.length = 0;
    this.damage = null;
  }

  grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }

  /** Appends bytes[start..end) to the current field; false where the record would be too long. */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#reserve(end - start)) return false;
    for (let i = start; i < end; i++) this.bytes[this.length++] = bytes[i]!;
    return true;
  }

  /** Appends text as UTF-8; false where the record would be too long. */
  appendText(text: string): boolean {
    if (!this.#reserve(Math.min(text.length * bytesPerUnit, limits.rowBytes))) {
      return this.#appendLongText(text);
    }
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.length));
    this.length += written;
    return true;
  }

  /** What may fit although its longest encoding would not. */
  #appendLongText(text: string): boolean {
    if (text.length > limits.rowBytes) return false;
    const bytes = encoder.encode(text);
    return this.append(bytes, 0, bytes.length);
  }

  #reserve(more: number): boolean {
    if (this.length + more > limits.rowBytes) return false;
    while (this.length + more > this.bytes.length) this.grow();
    return true;
  }
}
