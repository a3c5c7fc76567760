import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { millis } from '../../shared/units.js';
import { faults, planChaos } from './plan-chaos.js';

const interval = fc.integer({ min: 500, max: 60_000 }).map(millis);
const intervals = fc.record(
  { kill: interval, hang: interval, coordinator: interval, nats: interval },
  { requiredKeys: [] },
);

// Would catch a verdict over a run to which half as much happened as was asked for.
test('each fault happens as often as its interval fits into the time, in order, and again by its seed', () => {
  fc.assert(
    fc.property(fc.nat(), intervals, fc.integer({ min: 0, max: 300_000 }), (seed, given, time) => {
      const duration = millis(time);
      const planned = planChaos(seed, given, duration);
      assert.deepEqual(planned, planChaos(seed, given, duration));
      for (const fault of faults) {
        const every = given[fault];
        const count = planned.filter((one) => one.fault === fault).length;
        const whole = every === undefined ? 0 : Math.floor(time / every);
        assert.ok(count >= whole && count <= whole + (every === undefined ? 0 : 1));
      }
      for (const [index, { at }] of planned.entries()) {
        assert.ok(at < duration);
        assert.ok(index === 0 || (planned[index - 1]?.at ?? 0) <= at);
      }
    }),
  );
});
