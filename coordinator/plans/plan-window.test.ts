import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { millis } from '../../shared/units.js';
import { type PlanCursors, planWindow, stepsAhead } from './plan-window.js';

const lead = 8;
const kept = 100;

// Would catch a stream that grows without bound, a gap or a repetition in what is published, and a
// purge of a step that somebody may still have to read.
test('a run publishes every step once, at most the lead ahead, and purges only what is over', () => {
  const moves = fc.array(fc.record({ commits: fc.nat(12), checkpoint: fc.boolean() }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(fc.nat(60), fc.nat(30), moves, (steps, first, taken) => {
      const totalSteps = first + steps;
      let cursors: PlanCursors = {
        committedSteps: first,
        publishedSteps: first,
        purgedSteps: first,
        checkpointedSteps: 0,
        totalSteps,
      };
      for (const { commits, checkpoint } of taken) {
        const window = planWindow(cursors, lead, kept);
        assert.equal(window.from, cursors.publishedSteps);
        assert.equal(window.to, Math.min(totalSteps, cursors.committedSteps + lead));
        assert.ok(window.purgeTo <= cursors.committedSteps);
        const committedSteps = Math.min(cursors.committedSteps + commits, window.to);
        cursors = {
          totalSteps,
          committedSteps,
          publishedSteps: window.to,
          purgedSteps: window.purgeTo,
          checkpointedSteps: checkpoint ? committedSteps : cursors.checkpointedSteps,
        };
      }
    }),
  );
});

const at = (committedSteps: number, checkpointedSteps: number): PlanCursors => ({
  committedSteps,
  checkpointedSteps,
  publishedSteps: committedSteps,
  purgedSteps: 0,
  totalSteps: 1_000_000,
});

// Would catch plans that are kept although they are covered, or thrown away although they are not.
test('purges what a checkpoint covers, and what is far behind in any case', () => {
  assert.equal(planWindow(at(50, 40), lead, kept).purgeTo, 40);
  assert.equal(planWindow(at(50, 0), lead, kept).purgeTo, 0);
  assert.equal(planWindow(at(350, 0), lead, kept).purgeTo, 250);
});

// Would catch a pause that waits for eight steps of a minute, and plans that come too late for short ones.
test('of long steps fewer are published ahead, and two at least', () => {
  const ahead = [null, 1, 1000, 1875, 2000, 7500, 60_000].map((usual) =>
    stepsAhead(usual === null ? null : millis(usual)),
  );
  assert.deepEqual(ahead, [8, 8, 8, 8, 8, 2, 2]);
  assert.equal(stepsAhead(millis(4000)), 4);
});
