import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../shared/exit-codes.js';
import { shortLife, shortLivesMax } from '../../shared/limits.js';
import { millis } from '../../shared/units.js';
import { decideRestart, type ProcessExit } from './decide-restart.js';

const exit = (changes: Partial<ProcessExit> = {}): ProcessExit => ({
  name: 'worker-1',
  code: null,
  signal: 'SIGKILL',
  lived: millis(1000),
  ...changes,
});

// Would catch a run that stays smaller after a process was killed.
test('whoever was killed, crashed or lost the others is started again', () => {
  assert.equal(decideRestart(exit(), [], false).kind, 'restart');
  for (const code of [exitCodes.internal, exitCodes.lost, 137]) {
    assert.equal(decideRestart(exit({ signal: null, code }), [], false).kind, 'restart');
  }
});

// Would catch a failure of training that is repeated for ever, and a process that outlives its run.
test('whoever has done its work, has said what must change, or ends with the run stays away', () => {
  for (const code of [exitCodes.success, exitCodes.stopped, exitCodes.usage, exitCodes.training]) {
    assert.equal(decideRestart(exit({ signal: null, code }), [], false).kind, 'leave');
  }
  assert.equal(decideRestart(exit(), [], true).kind, 'leave');
});

// Would catch a process that cannot live here and takes the machine's time from the others.
test('whoever ends again and again stays away, unless it has lived long in between', () => {
  const ends = Array.from({ length: shortLivesMax - 1 }, () => exit());
  const decision = decideRestart(exit(), ends, false);
  assert.equal(decision.kind, 'leave');
  assert.match(decision.reason, /times in a row/);
  assert.equal(decideRestart(exit(), ends.slice(1), false).kind, 'restart');
  const long = exit({ lived: shortLife });
  assert.equal(decideRestart(long, ends, false).kind, 'restart');
  assert.equal(decideRestart(exit(), [...ends, long], false).kind, 'restart');
});

// Would catch a worker that gives up before its nats-server is there, and one that asks for it all the time.
test('whoever finds nobody is started again and again, ever more seldom', () => {
  const lost = exit({ signal: null, code: exitCodes.lost });
  const ends = Array.from({ length: 20 }, () => lost);
  const pauses = [0, 1, 2, 3, 20].map((count) => {
    const decision = decideRestart(lost, ends.slice(0, count), false);
    return decision.kind === 'restart' ? decision.pause : null;
  });
  assert.deepEqual(pauses, [0, 1000, 2000, 4000, 5000]);
});
