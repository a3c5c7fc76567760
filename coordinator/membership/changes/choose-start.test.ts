import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../../shared/ids.js';
import type { Position } from '../../../shared/membership/position.js';
import { millis } from '../../../shared/units.js';
import { at, facts, status } from '../cluster-fixture.js';
import type { SeenWorker } from '../cluster-view.js';
import { reportsTimeout } from '../limits.js';
import { chooseStart } from './choose-start.js';

const paused = (name: string, position: Position): SeenWorker => ({
  worker: workerId(name),
  status: status({ phase: 'paused', position }),
  heardAt: millis(0),
  movedAt: millis(0),
  trainedIn: null,
  standingSince: null,
});

// Would catch a run that stands still for ever: it went back to an older state while a worker counted as
// lost, whose reports had been recorded before and which nobody will say again.
test('a state beyond all reports is waited for so long, and then passed over', () => {
  const members = [paused('w0', at(4)), paused('w1', at(1))];
  const reported = { ...facts, reportedSteps: 1 };
  const early = chooseStart(members, reported, millis(reportsTimeout - 1));
  assert.equal(early.kind, 'wait');
  const late = chooseStart(members, reported, reportsTimeout);
  assert.deepEqual(late, {
    kind: 'start',
    start: { kind: 'state', position: at(1), holders: ['w1'] },
    position: at(1),
    resumedFrom: null,
  });
  const inTime = chooseStart(members, { ...facts, reportedSteps: 4 }, millis(0));
  assert.equal(inTime.kind === 'start' && inTime.position.committedSteps, 4);
});
