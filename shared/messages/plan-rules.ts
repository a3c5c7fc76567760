/** Everything that indexes something else must stay inside it: native code will not ask again. */
import { MalformedMessageError } from './guard.js';

/** @param what `a lane plan`: begins the sentence. */
export const invalidPlan = (what: string, detail: string): MalformedMessageError =>
  new MalformedMessageError('plan', `${what} ${detail}`);

export function checkOffsets(what: string, name: string, offsets: Int32Array): void {
  if (offsets[0] !== 0) throw invalidPlan(what, `has ${name} that do not start at 0`);
  for (let i = 1; i < offsets.length; i++) {
    if ((offsets[i] as number) < (offsets[i - 1] as number)) {
      throw invalidPlan(what, `has falling ${name}`);
    }
  }
}

export function checkRange(what: string, name: string, values: Int32Array, end: number): void {
  for (const value of values) {
    if (value < 0 || value >= end) throw invalidPlan(what, `has ${name} outside [0, ${end})`);
  }
}
