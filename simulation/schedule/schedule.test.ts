import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../shared/random.js';
import { drawSchedule } from './draw-schedule.js';
import { type Fault, FaultLineError, parseSchedule, scheduleText } from './fault.js';
import { drawSetup } from './setup.js';
import { shrinkSchedule } from './shrink.js';

const drawn = (seed: number): Fault[] =>
  drawSchedule(drawSetup(seed, Random.for(seed, 'setup')), Random.for(seed, 'faults'));

// Would catch a schedule that is printed otherwise than it is replayed, and kinds that are never drawn.
test('what is printed of a schedule is the schedule', () => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 400; seed++) {
    const faults = drawn(seed);
    assert.deepEqual(parseSchedule(scheduleText(faults)), faults);
    for (const { kind } of faults) kinds.add(kind);
  }
  assert.equal(kinds.size, 22);
});

// Would catch a replay of something else than what was asked for.
test('a line that is no fault is refused', () => {
  for (const text of [
    'kill worker-1',
    '5 kil worker-1',
    '5 hang worker-1',
    '5 hang worker-1 x',
    '5 stop now',
  ]) {
    assert.throws(() => parseSchedule(text), FaultLineError);
  }
});

// Would catch a shrunk schedule that does not fail, and one that a person has to read for nothing.
test('a failing schedule shrinks to what it fails of', () => {
  const isNeeded = ({ kind, process }: { kind: string; process?: string }): boolean =>
    kind === 'kill' && process === 'worker-0';
  let shrunk = 0;
  for (let seed = 0; seed < 300; seed++) {
    const faults = drawn(seed);
    if (!faults.some(isNeeded)) continue;
    const least = shrinkSchedule(faults, (some) => some.some(isNeeded));
    assert.equal(least.length, 1);
    assert.ok(least.every(isNeeded));
    if (faults.length > 1) shrunk++;
  }
  assert.ok(shrunk > 20);
});
