import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { usersDigest } from '../../../shared/ledger/lane-users.js';
import type { Measures } from '../../model/objectives/measure.js';
import {
  type LaneStatistics,
  packStatistics,
  statisticsLength,
  unpackStatistics,
} from './step-statistics.js';

const measures: Measures = {
  predictions: { kind: 'sum' },
  top1: { kind: 'mean', of: 'predictions' },
  least: { kind: 'least' },
};

/** Users 3, 4, ... */
const usersOf = (count: number) => Int32Array.from({ length: count }, (_, index) => index + 3);

const lane = (loss: number, users: number, items: number, least = 4): LaneStatistics =>
  ({
    plan: { users: usersOf(users), items: { length: items } },
    result: { loss, measures: { predictions: users * 2, top1: 1, least } },
    tokens: items * 5,
  }) as unknown as LaneStatistics;

function packed(lanes: LaneStatistics[], stop = false, change = 0): Float32Array {
  const part = new Float32Array(statisticsLength(lanes.length, measures)).fill(Number.NaN);
  packStatistics(part, measures, lanes, { stop, change });
  return part;
}

describe('step statistics', () => {
  // Would catch two fields exchanged, a lane left out, and stale floats in reused memory.
  it('add up over all lanes of all members', () => {
    const all = [
      packed([lane(0.5, 3, 7), lane(0.25, 1, 2, 3)]),
      packed([lane(1, 2, 4, Number.POSITIVE_INFINITY)]),
    ];
    assert.deepEqual(unpackStatistics(all, measures), {
      laneLosses: [0.5, 0.25, 1],
      laneDigests: [3, 1, 2].map((users) => ({ users, digest: usersDigest(usersOf(users)) })),
      loss: 1.75,
      sequences: 6,
      distinctItems: 13,
      itemTokens: 65,
      measures: { predictions: 12, top1: 3 / 12, least: 3 },
      stop: false,
      change: 0,
    });
  });

  // Would catch a wish that only the first or the last member can make.
  it('stop everyone when any member was asked to', () => {
    for (const asking of [0, 1, 2]) {
      const parts = [0, 1, 2].map((member) => packed([lane(1, 1, 1)], member === asking));
      assert.equal(unpackStatistics(parts, measures).stop, true);
    }
  });

  // Would catch members that leave for different generations, or of which only some leave.
  it('name the newest generation that any member has heard of', () => {
    const parts = [3, 0, 7, 5].map((heard) => packed([lane(1, 1, 1)], false, heard));
    assert.equal(unpackStatistics(parts, measures).change, 7);
  });
});
