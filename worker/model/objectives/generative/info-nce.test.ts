import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Tensor, type Tensor2D, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { openEngine } from '../../../engine/open-engine.js';
import { uniform, uniformTensor } from '../../autodiff/gradient-check.js';
import { type InfoNceInputs, infoNce } from './info-nce.js';

const settings = {
  scale: 5,
  falseNegatives: { kind: 'cosine', threshold: 0.9 },
  lossScale: 0.25,
  keepLogits: true,
} as const;

type Matrices = Record<'users' | 'positives' | 'negatives', number[][]>;

const numbers = (tensor: Tensor): number[] => Array.from(tensor.dataSync());

/** The definition, in double precision and one prediction at a time. */
function plainLoss(inputs: Matrices, scale: number): number {
  const unit = (x: number[]): number[] => x.map((value) => value / Math.hypot(...x));
  const cosine = (a: number[], b: number[]): number => {
    const [u, v] = [unit(a), unit(b)];
    return u.reduce((sum, value, at) => sum + value * (v[at] as number), 0);
  };
  const losses = inputs.users.map((user, row) => {
    const positive = inputs.positives[row] as number[];
    const live = inputs.negatives.filter((negative) => cosine(positive, negative) <= 0.9);
    const logits = [positive, ...live].map((item) => scale * cosine(user, item));
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return Math.log(total) - (logits[0] as number);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) * settings.lossScale;
}

function randomInputs(seed: number): Matrices {
  const next = uniform(seed);
  const rows = (count: number): number[][] =>
    uniformTensor(next, [count, 6]).arraySync() as number[][];
  const positives = rows(4);
  // The last negative is almost the second positive: its row must leave it out.
  const twin = (positives[1] as number[]).map((value) => 1.01 * value);
  return { users: rows(4), positives, negatives: [...rows(5), twin] };
}

const toTensors = (inputs: Matrices): InfoNceInputs => ({
  users: tensor2d(inputs.users),
  positives: tensor2d(inputs.positives),
  negatives: tensor2d(inputs.negatives),
  positiveRows: tensor1d([0, 1, 2, 3], 'int32'),
  negativeRows: tensor1d([4, 1, 5, 6, 7, 8], 'int32'),
});

describe('InfoNCE', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  // Would catch a wrong normalisation, temperature or mask.
  it('is the loss of its definition', () => {
    const inputs = randomInputs(7);
    const result = infoNce(toTensors(inputs), settings);
    const loss = numbers(result.losses).reduce((sum, each) => sum + each, 0) * settings.lossScale;
    assert.ok(Math.abs(loss - plainLoss(inputs, settings.scale)) < 1e-6);
  });

  // Would catch an error in the hand-derived backward: any factor, sign or forgotten projection.
  it('has the gradients that differences of the definition measure', () => {
    const inputs = randomInputs(8);
    const result = infoNce(toTensors(inputs), settings);
    const claimed: Record<keyof Matrices, Tensor2D> = {
      users: result.dUsers,
      positives: result.dPositives,
      negatives: result.dNegatives,
    };
    const step = 1e-5;
    for (const name of ['users', 'positives', 'negatives'] as const) {
      const gradient = claimed[name].arraySync();
      inputs[name].forEach((row, at) => {
        row.forEach((value, column) => {
          const lossAt = (moved: number): number => {
            row[column] = moved;
            return plainLoss(inputs, settings.scale);
          };
          const measured = (lossAt(value + step) - lossAt(value - step)) / (2 * step);
          row[column] = value;
          const got = gradient[at]?.[column] as number;
          assert.ok(Math.abs(measured - got) < 1e-5, `${name}[${at}][${column}]: ${got}`);
        });
      });
    }
  });

  // Would catch a temperature gradient that forgets that the parameter is a logarithm.
  it('has the gradient of the logarithm of the scale', () => {
    const inputs = randomInputs(9);
    const result = infoNce(toTensors(inputs), settings);
    const claimed = numbers(result.dLogitScale).reduce((sum, each) => sum + each, 0);
    const step = 1e-5;
    const lossAt = (shift: number): number =>
      plainLoss(inputs, Math.exp(Math.log(settings.scale) + shift));
    const measured = (lossAt(step) - lossAt(-step)) / (2 * step);
    assert.ok(Math.abs(measured - claimed) < 1e-5, `${claimed}, measured ${measured}`);
  });

  // Would catch NaN from the product of an infinite logit and its zero share.
  it('gives a false negative no share and no gradient', () => {
    const next = uniform(10);
    const positives = uniformTensor(next, [1, 6]) as Tensor2D;
    const users = uniformTensor(next, [1, 6]) as Tensor2D;
    const row = tensor1d([3], 'int32');
    const result = infoNce(
      { users, positives, negatives: positives, positiveRows: row, negativeRows: row },
      settings,
    );
    assert.deepEqual(numbers(result.masked), [1]);
    assert.equal(numbers(result.logits as Tensor2D)[1], -Infinity);
    assert.deepEqual(numbers(result.losses), [0]);
    for (const gradient of [result.dUsers, result.dPositives, result.dNegatives]) {
      assert.ok(numbers(gradient).every((value) => value === 0));
    }
    assert.ok(numbers(result.dLogitScale).every((value) => value === 0));
  });
});

// The torch engine's kernel is compared with the composition in worker/engine/torch.
for (const engine of ['cpu', 'wasm'] as const) {
  describe(`false negatives on the engine ${engine}`, () => {
    before(() => openEngine(engine, { threads: 1 }));

    // Would catch a mask by cosine that goes on under another name: embeddings that move together
    // take their own negatives away, and the loss falls to zero without anything being learnt.
    it('leaves out the positive’s own row and no embedding that is like it', () => {
      const inputs = toTensors(randomInputs(11));
      const masked = (kind: 'rows' | 'none'): number[] =>
        numbers(infoNce(inputs, { ...settings, falseNegatives: { kind } }).masked);
      // The second negative is of row 1, as the second positive; the last one only looks like it.
      assert.deepEqual(masked('rows'), [0, 1, 0, 0]);
      assert.deepEqual(masked('none'), [0, 0, 0, 0]);
      const { logits } = infoNce(inputs, { ...settings, falseNegatives: { kind: 'rows' } });
      const row = (logits as Tensor2D).arraySync()[1] as number[];
      assert.deepEqual(
        row.map((logit) => logit === -Infinity),
        [false, false, true, false, false, false, false],
      );
    });
  });
}
