/**
 * Splits the bytes of a delimited text file into records. A state machine fed with chunks: where a
 * chunk ends never shows. It copies each record's bytes, with quotes resolved, into one buffer that
 * is used again for the next record, so that a file of any size costs no memory per row.
 *
 * A dialect says which byte separates fields and whether quotes enclose them: CSV (RFC 4180, commas
 * and quotes), RecBole's atomic files (tabs, no quotes), and what else `recogniseText` finds.
 * Records end with LF, CR LF or CR; blank lines are no records; a UTF-8 byte order mark at the
 * very start is no data.
 */
import { limits } from '../../limits.js';
import { RecordBuffer, type RecordDamage, type TableRecord } from '../table-record.js';

export interface Dialect {
  /** One ASCII byte. */
  readonly delimiter: number;
  readonly quotes: boolean;
}

export const csv: Dialect = { delimiter: 0x2c, quotes: true };
export const atomic: Dialect = { delimiter: 0x09, quotes: false };

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

const states = {
  fieldStart: 0,
  unquoted: 1,
  quoted: 2,
  /** After a quote inside a quoted field: its end, or the first half of an escaped quote. */
  quoteInQuoted: 3,
  /** The record is damaged; skip to the end of the line. */
  damaged: 4,
} as const;

export class DelimitedParser {
  readonly #delimiter: number;
  readonly #quotes: boolean;
  /** 1 for the bytes that end a run of plain ones. */
  readonly #special = new Uint8Array(256);
  readonly #onRecord: (record: TableRecord) => void;
  readonly #record = new RecordBuffer('line');
  #state: number = states.fieldStart;
  #line = 1;
  /** The last byte was a CR: an LF that follows belongs to it. */
  #afterCarriageReturn = false;
  /** Something of the current record was seen, be it only an empty quoted field. */
  #started = false;
  /** How much of the byte order mark was seen; -1 once it cannot come any more. */
  #markSeen = 0;

  constructor(dialect: Dialect, onRecord: (record: TableRecord) => void) {
    this.#delimiter = dialect.delimiter;
    this.#quotes = dialect.quotes;
    this.#onRecord = onRecord;
    for (const byte of [LF, CR, dialect.delimiter]) this.#special[byte] = 1;
    if (dialect.quotes) this.#special[QUOTE] = 1;
  }

  /** Takes the next bytes of the file; the chunk may be reused after the call. */
  push(chunk: Uint8Array): void {
    let index = 0;
    while (this.#markSeen >= 0 && index < chunk.length) {
      if (chunk[index] === byteOrderMark[this.#markSeen]) {
        index++;
        this.#markSeen = this.#markSeen === 2 ? -1 : this.#markSeen + 1;
      } else {
        this.#replayMark();
      }
    }
    this.#parse(chunk, index);
  }

  /** The file is over: the last record may lack its line end. */
  end(): void {
    if (this.#markSeen > 0) this.#replayMark();
    if (this.#state === states.quoted) this.#damage('BAD_QUOTES');
    if (this.#started) this.#endRecord();
  }

  /** The file starts like a byte order mark and goes on differently: those bytes are data. */
  #replayMark(): void {
    const seen = this.#markSeen;
    this.#markSeen = -1;
    this.#parse(Uint8Array.from(byteOrderMark.slice(0, seen)), 0);
  }

  #parse(chunk: Uint8Array, from: number): void {
    const record = this.#record;
    const delimiter = this.#delimiter;
    for (let index = from; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (this.#afterCarriageReturn) {
        this.#afterCarriageReturn = false;
        if (byte === LF) {
          // A quoted field keeps both bytes; between records the pair is one line end.
          if (this.#state === states.quoted) this.#append(byte);
          continue;
        }
      }
      if (this.#state === states.quoted) {
        if (byte === QUOTE) {
          this.#state = states.quoteInQuoted;
        } else {
          if (byte === LF || byte === CR) {
            this.#line++;
            this.#afterCarriageReturn = byte === CR;
          }
          this.#append(byte);
        }
      } else if (byte === LF || byte === CR) {
        this.#afterCarriageReturn = byte === CR;
        this.#line++;
        if (this.#started) this.#endRecord();
        else record.line = this.#line;
      } else if (this.#state === states.damaged) {
        // Nothing more of this line is used.
      } else if (byte === delimiter) {
        this.#started = true;
        record.endField();
        this.#state = states.fieldStart;
      } else if (this.#quotes && byte === QUOTE) {
        this.#takeQuote();
      } else if (this.#state === states.quoteInQuoted) {
        this.#damage('BAD_QUOTES');
      } else {
        this.#started = true;
        this.#state = states.unquoted;
        index = this.#takePlain(chunk, index) - 1;
      }
    }
  }

  /** Takes plain bytes of an unquoted field from `start` on, and returns where they end. */
  #takePlain(chunk: Uint8Array, start: number): number {
    const record = this.#record;
    const special = this.#special;
    const length = chunk.length;
    let bytes = record.bytes;
    let to = record.length;
    let from = start;
    for (; from < length; from++) {
      const byte = chunk[from]!;
      if (special[byte] === 1) break;
      if (to === bytes.length) {
        if (to === limits.rowBytes) {
          this.#damage('ROW_TOO_LONG');
          break;
        }
        record.grow();
        bytes = record.bytes;
      }
      bytes[to++] = byte;
    }
    record.length = to;
    return from;
  }

  /** A quote outside the inside of a quoted field: it opens one, continues one, or is damage. */
  #takeQuote(): void {
    if (this.#state === states.fieldStart) {
      this.#started = true;
      this.#state = states.quoted;
    } else if (this.#state === states.quoteInQuoted) {
      this.#state = states.quoted;
      this.#append(QUOTE);
    } else {
      this.#damage('BAD_QUOTES');
    }
  }

  #append(byte: number): void {
    const record = this.#record;
    if (record.length === limits.rowBytes) {
      this.#damage('ROW_TOO_LONG');
      return;
    }
    if (record.length === record.bytes.length) record.grow();
    record.bytes[record.length++] = byte;
  }

  #damage(damage: RecordDamage): void {
    this.#record.damage = damage;
    this.#state = states.damaged;
  }

  #endRecord(): void {
    const record = this.#record;
    record.endField();
    this.#onRecord(record);
    record.reset(this.#line);
    this.#state = states.fieldStart;
    this.#started = false;
  }
}
