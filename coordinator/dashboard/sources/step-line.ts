/** Reads the line of a step fast: of a million lines, checking each against the schema takes a minute. */
import { stepNumbers } from '../data/api.js';
import type { Step, StepValues } from '../data/step-series.js';

/** How lines of steps begin: what writes them puts the kind first. */
const beginning = Buffer.from('{"kind":"committed",');
const [comma, point, zero, nine] = [0x2c, 0x2e, 0x30, 0x39];
/** Bytes of a number without sign or exponent: of so many the value is right but for its last bits. */
const plainMax = 18;
/** Within which both stand. */
const headBytes = 320;

/**
 * @param data with the line from `start` to `end`
 * @param whole all of its numbers, not the loss alone
 * @returns null where it is no line of a step
 */
export function readStep(data: Buffer, start: number, end: number, whole: boolean): Step | null {
  if (!holds(data, start, end, beginning)) return null;
  return whole ? readWhole(data, start, end) : readHead(data, start, end);
}

/** Whether these bytes stand there. A call of Buffer's for each of a million lines takes longer. */
export function holds(data: Buffer, at: number, end: number, bytes: Buffer): boolean {
  if (end - at < bytes.length) return false;
  for (let index = 0; index < bytes.length; index++) {
    if (data[at + index] !== bytes[index]) return false;
  }
  return true;
}

function readHead(data: Buffer, start: number, end: number): Step | null {
  const headEnd = Math.min(end, start + headBytes);
  const committedSteps = stepsField.numberOf(data, start, headEnd);
  const loss = lossField.numberOf(data, start, headEnd);
  if (!isCount(committedSteps) || loss === null) return readWhole(data, start, end);
  return { committedSteps, time: null, values: { loss } };
}

/** A number of a line's head. Lines are alike: it is looked for where it was found last, and then everywhere. */
class HeadField {
  readonly #mark: Buffer;
  #foundAt = 0;

  constructor(name: string) {
    this.#mark = Buffer.from(`"${name}":`);
  }

  numberOf(data: Buffer, start: number, end: number): number | null {
    const from = this.#behindMark(data, start, end);
    if (from < 0) return null;
    let [digits, pointAt, to] = [0, -1, from];
    for (; ; to++) {
      const byte = data[to] ?? comma;
      if (byte >= zero && byte <= nine) digits = 10 * digits + byte - zero;
      else if (byte === point && pointAt < 0) pointAt = to;
      else break;
    }
    if (data[to] === comma && to > from && to - from <= plainMax) {
      return pointAt < 0 ? digits : digits / 10 ** (to - pointAt - 1);
    }
    to = data.indexOf(comma, to);
    if (to < 0 || to >= end) return null;
    const value = Number(data.toString('latin1', from, to));
    return Number.isFinite(value) ? value : null;
  }

  #behindMark(data: Buffer, start: number, end: number): number {
    let at = start + this.#foundAt;
    if (!holds(data, at, end, this.#mark)) {
      const found = data.subarray(start, end).indexOf(this.#mark);
      if (found < 0) return -1;
      this.#foundAt = found;
      at = start + found;
    }
    return at + this.#mark.length;
  }
}

function readWhole(data: Buffer, start: number, end: number): Step | null {
  let line: Readonly<Record<string, unknown>>;
  try {
    line = JSON.parse(data.toString('utf8', start, end));
  } catch {
    return null;
  }
  const { committed_steps: committedSteps, time } = line;
  if (!isCount(committedSteps) || typeof time !== 'string') return null;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return null;
  const values: StepValues = {};
  for (const name of stepNumbers) {
    const value = line[name];
    // JSON has no infinity, and 1e309 is one all the same.
    if (Number.isFinite(value)) values[name] = value as number;
  }
  return { committedSteps, time: at, values };
}

const stepsField = new HeadField('committed_steps');
const lossField = new HeadField('loss');

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
