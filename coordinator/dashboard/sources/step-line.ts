/** Reads the line of a step fast: of a million lines, checking each against the schema takes a minute. */
import { stepNumbers } from '../data/api.js';
import type { Step, StepValues } from '../data/step-series.js';

/** How lines of steps begin: what writes them puts the kind first. */
const beginning = Buffer.from('{"kind":"committed",');
const stepsField = Buffer.from('"committed_steps":');
const lossField = Buffer.from('"loss":');
/** Within which both stand. */
const headBytes = 320;

/** @returns null where the bytes are no line of a step */
export function readStep(bytes: Buffer, whole: boolean): Step | null {
  if (!beginsAs(bytes, beginning)) return null;
  return whole ? readWhole(bytes) : readHead(bytes);
}

export const beginsAs = (bytes: Buffer, start: Buffer): boolean =>
  bytes.length >= start.length && bytes.compare(start, 0, start.length, 0, start.length) === 0;

function readHead(bytes: Buffer): Step | null {
  const head = bytes.subarray(0, headBytes);
  const committedSteps = numberBehind(head, stepsField);
  const loss = numberBehind(head, lossField);
  if (!isCount(committedSteps) || loss === null) return readWhole(bytes);
  return { committedSteps, time: null, values: { loss } };
}

function numberBehind(head: Buffer, field: Buffer): number | null {
  const at = head.indexOf(field);
  if (at < 0) return null;
  const end = head.indexOf(0x2c, at);
  if (end < 0) return null;
  const value = Number(head.toString('latin1', at + field.length, end));
  return Number.isFinite(value) ? value : null;
}

function readWhole(bytes: Buffer): Step | null {
  let line: Readonly<Record<string, unknown>>;
  try {
    line = JSON.parse(bytes.toString('utf8'));
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

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
