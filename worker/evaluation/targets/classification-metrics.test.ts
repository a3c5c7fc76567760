import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  classificationValues,
  type Judged,
  logLossOfRate,
  usersOfOneClass,
} from './classification-metrics.js';

const judgedOf = (users: readonly (readonly (readonly [number, number])[])[]): Judged => {
  const targets = users.flat();
  const offsets = new Int32Array(users.length + 1);
  users.forEach((own, user) => {
    offsets[user + 1] = offsets[user]! + own.length;
  });
  return {
    logits: Float32Array.from(targets, ([logit]) => logit),
    labels: Uint8Array.from(targets, ([, label]) => label),
    offsets,
  };
};

/** Few values, so that many logits are equal. */
const targets = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(1)), { maxLength: 12 });
const users = fc.array(targets, { maxLength: 6 });

/** The definition: every pair, one by one. */
function areaByPairs(own: readonly (readonly [number, number])[]): number | null {
  const wanted = own.filter(([, label]) => label === 1);
  const unwanted = own.filter(([, label]) => label === 0);
  const won = wanted.flatMap(([a]) => unwanted.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)));
  return won.length === 0 ? null : won.reduce((sum: number, one) => sum + one, 0) / won.length;
}

// Catches ties that count as won or lost, and an order that decides among equals.
test('AUC is the share of pairs in the right order, and a tie is half a pair', () => {
  fc.assert(
    fc.property(users, (all) => {
      const { auc } = classificationValues(judgedOf(all));
      const wanted = areaByPairs(all.flat());
      if (wanted === null) assert.equal(auc, undefined);
      else assert.ok(Math.abs((auc as number) - wanted) < 1e-12);
      const turned = all.map((own) => [...own].reverse()).reverse();
      assert.equal(classificationValues(judgedOf(turned)).auc, auc);
    }),
  );
  const constant = judgedOf([Array.from({ length: 9 }, (_, at) => [2, at % 2] as const)]);
  assert.equal(classificationValues(constant).auc, 0.5);
});

// Catches users with one class that count as 0.5 or as 1, and a mean that forgets the weights.
test('grouped AUC is the users’ own, weighted by their targets, without those of one class', () => {
  fc.assert(
    fc.property(users, (all) => {
      const judged = judgedOf(all);
      const own = all.map((list) => ({ area: areaByPairs(list), count: list.length }));
      const both = own.filter(({ area }) => area !== null);
      const total = both.reduce((sum, { count }) => sum + count, 0);
      const wanted =
        both.reduce((sum, { area, count }) => sum + (area as number) * count, 0) / total;
      const { gauc } = classificationValues(judged);
      if (both.length === 0) assert.equal(gauc, undefined);
      else assert.ok(Math.abs((gauc as number) - wanted) < 1e-12);
      assert.equal(usersOfOneClass(judged), all.length - both.length);
    }),
  );
});

// Catches a sign, a base of the logarithm, and an overflow where the model is very sure.
test('log-loss is the mean of -ln of what was said about what is', () => {
  fc.assert(
    fc.property(fc.array(targets, { minLength: 1, maxLength: 4 }), (all) => {
      const judged = judgedOf(all);
      const said = all.flat().map(([logit, label]) => {
        const wanted = 1 / (1 + Math.exp(-logit));
        return -Math.log(label === 1 ? wanted : 1 - wanted);
      });
      const mean = said.reduce((sum, one) => sum + one, 0) / said.length;
      const { logloss } = classificationValues(judged);
      if (said.length === 0) assert.equal(logloss, undefined);
      else assert.ok(Math.abs((logloss as number) - mean) < 1e-6);
    }),
  );
  assert.equal(classificationValues(judgedOf([[[1000, 0]]])).logloss, 1000);
  assert.equal(classificationValues(judgedOf([[[-1000, 0]]])).logloss, 0);
});

// Catches a baseline of the evaluated labels instead of training's, and one that is infinite.
test('the base rate says the same to everybody', () => {
  const labels = Uint8Array.of(1, 1, 0, 1);
  const quarter = (3 * Math.log(4) + Math.log(4 / 3)) / 4;
  assert.ok(Math.abs(logLossOfRate(labels, 0.25) - quarter) < 1e-12);
  assert.ok(Number.isFinite(logLossOfRate(labels, 1)));
  assert.ok(Number.isFinite(logLossOfRate(labels, 0)));
});

// Catches a model that has diverged and is reported with an AUC.
test('a logit that is not a number is refused', () => {
  assert.throws(() => classificationValues(judgedOf([[[Number.NaN, 1]]])), /target 0: .*NaN/);
});
