/**
 * How the times of a file are kept while its rows are sorted: in four bytes where they fit, in eight
 * otherwise, and never in a form that loses their order.
 */
import type { Times } from '../sort-by-time.js';
import { exactInteger, type TimeField } from './timestamp-field.js';

const nanosPerSecond = 1_000_000_000;
/** What a date may be counted in, coarsest first: parts of a second, and the nanoseconds of one. */
const dateUnits = [1, 1000, 1_000_000].map((perSecond) => [perSecond, nanosPerSecond / perSecond]);

/** What the first pass over a file learns of its times. */
export class TimeRange {
  /** Dates and numbers have no order among each other: the first row decides. */
  kind: 'none' | 'number' | 'date' = 'none';
  least = Number.POSITIVE_INFINITY;
  most = Number.NEGATIVE_INFINITY;
  /** All numbers are integers. */
  #whole = true;
  /** A number lies beyond what a double holds exactly. */
  #large = false;
  /** The unit of the finest date, by its place among the units; their count stands for nanoseconds. */
  #unit = 0;

  add({ kind, value, nanos }: TimeField): void {
    this.kind = kind;
    if (value < this.least) this.least = value;
    if (value > this.most) this.most = value;
    if (kind === 'number') {
      if (!Number.isInteger(value)) this.#whole = false;
      else if (!Number.isSafeInteger(value)) this.#large = true;
    } else {
      while (this.#unit < dateUnits.length && nanos % dateUnits[this.#unit]![1]! !== 0)
        this.#unit++;
    }
  }

  /** Room for `total` times in the smallest form that keeps their order. */
  store(total: number): TimeStore {
    if (this.kind === 'date') return this.#dates(total);
    if (!this.#whole) return inDoubles(total);
    if (this.#large || this.most - this.least > 2 ** 53) return inIntegers(total);
    return inParts(total, this.least, this.most, 1, nanosPerSecond);
  }

  #dates(total: number): TimeStore {
    const unit = dateUnits[this.#unit];
    // Whole years of microseconds still are exact in a double: 2^53 of them are 285 years.
    if (unit === undefined || (this.most - this.least + 1) * unit[0]! > 2 ** 53) {
      return inIntegers(total);
    }
    return inParts(total, this.least, this.most, unit[0]!, unit[1]!);
  }
}

export interface TimeStore {
  readonly times: Times;
  /** Keeps the time that was read from bytes[start..end) at a place. */
  put(at: number, time: TimeField, bytes: Uint8Array, start: number, end: number): void;
}

/** Offsets from the least time, in parts of a second where they are dates. */
function inParts(
  total: number,
  least: number,
  most: number,
  perSecond: number,
  nanosPerPart: number,
): TimeStore {
  const small = (most - least + 1) * perSecond < 2 ** 32;
  const times = small ? new Uint32Array(total) : new Float64Array(total);
  return {
    times,
    put: (at, { value, nanos }) => {
      times[at] = (value - least) * perSecond + nanos / nanosPerPart;
    },
  };
}

function inDoubles(total: number): TimeStore {
  const times = new Float64Array(total);
  return {
    times,
    put: (at, { value }) => {
      times[at] = value;
    },
  };
}

function inIntegers(total: number): TimeStore {
  const times = new BigInt64Array(total);
  return {
    times,
    put: (at, { kind, value, nanos }, bytes, start, end) => {
      times[at] =
        kind === 'date'
          ? BigInt(value) * BigInt(nanosPerSecond) + BigInt(nanos)
          : exactInteger(bytes, start, end, value);
    },
  };
}
