/**
 * Makes a failing schedule small: whole faults are left out as long as it still fails, then times are
 * shortened. What is left is what a person has to understand.
 */
import type { Fault } from './fault.js';

/** Runs that shrinking may cost: a failing run takes some hundredths of a second. */
const runsMax = 400;

export function shrinkSchedule(
  faults: readonly Fault[],
  fails: (faults: readonly Fault[]) => boolean,
): Fault[] {
  let runs = 0;
  const stillFails = (candidate: readonly Fault[]): boolean =>
    ++runs <= runsMax && fails(candidate);
  let current = leaveOut([...faults], stillFails);
  for (let before = -1; before !== size(current) && runs < runsMax; ) {
    before = size(current);
    current = leaveOut(shorten(current, stillFails), stillFails);
  }
  return current;
}

/** Halves, quarters, ..., single ones. */
function leaveOut(faults: Fault[], fails: (faults: readonly Fault[]) => boolean): Fault[] {
  let current = faults;
  for (let length = Math.ceil(current.length / 2); length >= 1; length = length >> 1) {
    for (let at = 0; at < current.length; ) {
      const without = [...current.slice(0, at), ...current.slice(at + length)];
      if (fails(without)) current = without;
      else at += length;
    }
  }
  return current;
}

function shorten(faults: Fault[], fails: (faults: readonly Fault[]) => boolean): Fault[] {
  let current = faults;
  for (let index = 0; index < current.length; index++) {
    for (const change of [halved('for'), rounded('for'), rounded('at')]) {
      const fault = current[index] as Fault;
      const changed = change(fault);
      if (changed === null) continue;
      const candidate = [...current];
      candidate[index] = changed;
      if (fails(candidate)) current = candidate;
    }
  }
  return current;
}

type Change = (fault: Fault) => Fault | null;

const changed =
  (field: 'at' | 'for', by: (value: number) => number): Change =>
  (fault) => {
    const value = (fault as { at: number; for?: number })[field];
    if (value === undefined) return null;
    const next = by(value);
    return next === value ? null : ({ ...fault, [field]: next } as Fault);
  };

const halved = (field: 'at' | 'for'): Change => changed(field, (value) => Math.ceil(value / 2));
const rounded = (field: 'at' | 'for'): Change =>
  changed(field, (value) => (value > 100 ? Math.floor(value / 100) * 100 : value));

const size = (faults: readonly Fault[]): number =>
  faults.reduce((sum, fault) => sum + 1e6 + fault.at / 100 + ('for' in fault ? fault.for : 0), 0);
