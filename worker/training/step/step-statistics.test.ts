import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packStatistics, statisticsLength, unpackStatistics } from './step-statistics.js';

type Packed = Parameters<typeof packStatistics>[1][number];

const lane = (loss: number, users: number, items: number, least = 4): Packed =>
  ({
    plan: { users: { length: users }, items: { length: items } },
    result: {
      loss,
      predictions: users * 2,
      top1Hits: 1,
      liveNegatives: 10,
      leastLiveNegatives: least,
    },
    tokens: items * 5,
  }) as unknown as Packed;

function packed(lanes: Packed[], stop = false): Float32Array {
  const part = new Float32Array(statisticsLength(lanes.length)).fill(Number.NaN);
  packStatistics(part, lanes, stop);
  return part;
}

describe('step statistics', () => {
  // Would catch two fields exchanged, a lane left out, and stale floats in reused memory.
  it('add up over all lanes of all members', () => {
    const all = [
      packed([lane(0.5, 3, 7), lane(0.25, 1, 2, 3)]),
      packed([lane(1, 2, 4, Number.POSITIVE_INFINITY)]),
    ];
    assert.deepEqual(unpackStatistics(all), {
      laneLosses: [0.5, 0.25, 1],
      loss: 1.75,
      predictions: 12,
      sequences: 6,
      distinctItems: 13,
      itemTokens: 65,
      top1Hits: 3,
      liveNegatives: 30,
      leastLiveNegatives: 3,
      stop: false,
    });
  });

  // Would catch a wish that only the first or the last member can make.
  it('stop everyone when any member was asked to', () => {
    for (const asking of [0, 1, 2]) {
      const parts = [0, 1, 2].map((member) => packed([lane(1, 1, 1)], member === asking));
      assert.equal(unpackStatistics(parts).stop, true);
    }
  });
});
