import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { missed, type Place } from './catalogue-rank.js';
import { placeFloats, rankingMetrics, setPlace } from './ranking-metrics.js';

const metricsOf = (places: readonly Place[], cutoffs: readonly number[]) => {
  const flat = new Float32Array(places.length * placeFloats);
  places.forEach((place, user) => {
    setPlace(flat, user, place);
  });
  return rankingMetrics(flat, cutoffs);
};

const at = (better: number): Place => ({ better, tied: 1 });

test('one user found at the third place counts for the cutoffs that reach it', () => {
  // Catches ranks taken as counted from 1, and a cutoff that excludes its own last place.
  assert.deepEqual(metricsOf([at(2)], [2, 3, 10]), {
    users: 1,
    tied: 0,
    values: {
      'recall@2': 0,
      'ndcg@2': 0,
      'recall@3': 1,
      'ndcg@3': 0.5,
      'recall@10': 1,
      'ndcg@10': 0.5,
      mrr: 1 / 3,
    },
  });
});

test('the mean is over all users, those who are missed included', () => {
  // Catches a mean over hits only.
  const { values } = metricsOf([at(0), at(500), at(1), at(9)], [10]);
  assert.equal(values['recall@10'], 0.75);
  assert.equal(values['ndcg@10'], (1 + 1 / Math.log2(3) + 1 / Math.log2(11)) / 4);
  assert.equal(values.mrr, (1 + 1 / 501 + 1 / 2 + 1 / 10) / 4);
});

test('who cannot be found is found by no cutoff, however high', () => {
  // Catches a miss counted as the place behind the last, which a cutoff above the catalogue reaches.
  assert.deepEqual(metricsOf([missed], [10_000]).values, {
    'recall@10000': 0,
    'ndcg@10000': 0,
    mrr: 0,
  });
});

test('two editions of one title share the first two places', () => {
  // Catches ties that count as worse: a perfect model had recall@1 0 and NDCG@5 0.63 here.
  const { tied, values } = metricsOf([{ better: 0, tied: 2 }], [1, 5]);
  assert.equal(tied, 1);
  assert.equal(values['recall@1'], 0.5);
  assert.equal(values['ndcg@5']!.toFixed(3), '0.815');
  assert.equal(values.mrr, 0.75);
});

test('a model that gives all items one score is as good as chance', () => {
  // Catches a collapsed model that looks better than it is, or so bad that it looks like a defect.
  const { values } = metricsOf([{ better: 0, tied: 1000 }], [10]);
  assert.equal(values['recall@10'], 0.01);
});

test('nobody to evaluate gives zeros, not NaN', () => {
  assert.deepEqual(metricsOf([], [5]), {
    users: 0,
    tied: 0,
    values: { 'recall@5': 0, 'ndcg@5': 0, mrr: 0 },
  });
});

test('a tied item counts by the mean over its places', () => {
  // Catches every wrong expectation, against the obvious slow way.
  const place = fc.record({ better: fc.nat(300), tied: fc.integer({ min: 1, max: 40 }) });
  fc.assert(
    fc.property(place, fc.integer({ min: 1, max: 300 }), (given, cutoff) => {
      const { values } = metricsOf([given], [cutoff]);
      const places = Array.from({ length: given.tied }, (_, index) => at(given.better + index));
      const expected = metricsOf(places, [cutoff]).values;
      for (const [name, value] of Object.entries(values)) {
        assert.ok(Math.abs(value - expected[name]!) < 1e-12, name);
      }
    }),
  );
});

test('metrics grow with the cutoff, and NDCG never exceeds recall', () => {
  // Catches a discount above 1 and a cutoff that is compared the wrong way round.
  const place = fc.record({ better: fc.nat(300), tied: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(fc.array(place, { minLength: 1 }), (places) => {
      const { values } = metricsOf(places, [5, 10, 50, 200]);
      let [recall, ndcg] = [0, 0];
      for (const cutoff of [5, 10, 50, 200]) {
        assert.ok(values[`recall@${cutoff}`]! >= recall && values[`ndcg@${cutoff}`]! >= ndcg);
        recall = values[`recall@${cutoff}`]!;
        ndcg = values[`ndcg@${cutoff}`]!;
        assert.ok(ndcg <= recall + 1e-12 && recall <= 1);
      }
    }),
  );
});
