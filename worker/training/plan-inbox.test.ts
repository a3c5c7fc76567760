import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Lane, step } from '../../shared/ids.js';
import type { LanePlan } from '../../shared/lane-plan.js';
import { PlanInbox } from './plan-inbox.js';

const plan = (at: number, lane: number): LanePlan => ({ step: at, lane }) as unknown as LanePlan;
const lanes = [2, 3] as Lane[];

describe('plan inbox', () => {
  // Would catch plans handed out in order of arrival, or before every lane has one.
  it('hands out a step when all its lanes have a plan, in lane order', async () => {
    const inbox = new PlanInbox(lanes, step(4));
    let taken: LanePlan[] | null = null;
    const taking = inbox.take(step(4)).then((plans) => {
      taken = plans;
    });
    inbox.put(plan(4, 3));
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(taken, null);
    inbox.put(plan(4, 2));
    await taking;
    assert.deepEqual(taken, [plan(4, 2), plan(4, 3)]);
  });

  // Would catch a later step's plans lost, or mixed with the current one's.
  it('keeps plans that arrive some steps ahead', async () => {
    const inbox = new PlanInbox(lanes, step(0));
    for (const [at, lane] of [
      [1, 2],
      [0, 3],
      [1, 3],
      [0, 2],
    ] as const)
      inbox.put(plan(at, lane));
    assert.deepEqual(await inbox.take(step(0)), [plan(0, 2), plan(0, 3)]);
    assert.deepEqual(await inbox.take(step(1)), [plan(1, 2), plan(1, 3)]);
  });

  // Would catch a stranger's or a repeated plan that completes a step.
  it("ignores other members' lanes and counts a repeated plan once", async () => {
    const inbox = new PlanInbox(lanes, step(0));
    for (const lane of [0, 2, 2]) inbox.put(plan(0, lane));
    const taking = inbox.take(step(0));
    inbox.fail(new Error('not complete'));
    await assert.rejects(taking, /not complete/);
  });

  // Would catch a training thread that waits for ever after a failure.
  it('gives its failure to whoever waits later', async () => {
    const inbox = new PlanInbox(lanes, step(0));
    inbox.fail(new Error('bus is gone'));
    await assert.rejects(inbox.take(step(0)), /bus is gone/);
  });
});
