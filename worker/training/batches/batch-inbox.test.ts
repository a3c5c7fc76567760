import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Lane, step } from '../../../shared/ids.js';
import { BatchInbox } from './batch-inbox.js';
import type { LaneBatch } from './lane-batch.js';

const batch = (at: number, lane: number): LaneBatch =>
  ({ plan: { step: at, lane } }) as unknown as LaneBatch;
const lanes = [2, 3] as Lane[];

describe('batch inbox', () => {
  // Would catch batches handed out in order of arrival, or before every lane has one.
  it('hands out a step when all its lanes have a batch, in lane order', async () => {
    const inbox = new BatchInbox(step(4));
    let taken: LaneBatch[] | null = null;
    const taking = inbox.take(step(4), lanes).then((batches) => {
      taken = batches;
    });
    inbox.put(batch(4, 3));
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(taken, null);
    inbox.put(batch(4, 2));
    await taking;
    assert.deepEqual(taken, [batch(4, 2), batch(4, 3)]);
  });

  // Would catch a later step's batches lost, or mixed with the current one's.
  it('keeps batches that arrive some steps ahead', async () => {
    const inbox = new BatchInbox(step(0));
    for (const [at, lane] of [
      [1, 2],
      [0, 3],
      [1, 3],
      [0, 2],
    ] as const)
      inbox.put(batch(at, lane));
    assert.deepEqual(await inbox.take(step(0), lanes), [batch(0, 2), batch(0, 3)]);
    assert.deepEqual(await inbox.take(step(1), lanes), [batch(1, 2), batch(1, 3)]);
  });

  // Would catch a stranger's or a repeated batch that completes a step.
  it("ignores other members' lanes and counts a repeated batch once", async () => {
    const inbox = new BatchInbox(step(0));
    for (const lane of [0, 2, 2]) inbox.put(batch(0, lane));
    const taking = inbox.take(step(0), lanes);
    inbox.fail(new Error('not complete'));
    await assert.rejects(taking, /not complete/);
  });

  // Would catch an aborted step that waits for batches that nobody sends again, and a wait of a generation
  // that is over which takes those of the next one.
  it('gives the batches of a step again, whoever owns which lanes by then', async () => {
    const inbox = new BatchInbox(step(0));
    for (const lane of [0, 1, 2, 3]) inbox.put(batch(0, lane));
    await inbox.take(step(0), lanes);
    const late = inbox.take(step(1), lanes);
    inbox.giveUp(new Error('left'));
    await assert.rejects(late, /left/);
    inbox.begin(step(0));
    for (const lane of [0, 1]) inbox.put(batch(0, lane));
    assert.deepEqual(await inbox.take(step(0), [0, 1] as Lane[]), [batch(0, 0), batch(0, 1)]);
  });

  // Would catch a training thread that waits for ever after a failure.
  it('gives its failure to whoever waits later', async () => {
    const inbox = new BatchInbox(step(0));
    inbox.fail(new Error('bus is gone'));
    await assert.rejects(inbox.take(step(0), lanes), /bus is gone/);
  });
});
