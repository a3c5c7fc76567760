import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { cast, memory, type Tensor1D, type Tensor2D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { uniform, uniformTensor } from '../../model/autodiff/gradient-check.js';
import {
  composedInfoNce,
  fusedInfoNce,
  type InfoNceInputs,
  type InfoNceTensors,
} from '../../model/objectives/generative/info-nce.js';
import { openEngine } from '../open-engine.js';
import { loadNative } from './native.js';

const settings = {
  scale: 9,
  falseNegatives: { kind: 'cosine', threshold: 0.6 },
  lossScale: 0.01,
  keepLogits: true,
} as const;

function inputsOf(seed: number, predictions: number, negatives: number): InfoNceInputs {
  const next = uniform(seed);
  const rows = (count: number): Tensor2D => uniformTensor(next, [count, 12]) as Tensor2D;
  // Rows repeat, so that some of the negatives are false.
  const numbersOf = (count: number, step: number): Tensor1D =>
    tensor1d(
      Array.from({ length: count }, (_, index) => (index * step) % 7),
      'int32',
    );
  return {
    users: rows(predictions),
    positives: rows(predictions),
    negatives: rows(negatives),
    positiveRows: numbersOf(predictions, 3),
    negativeRows: numbersOf(negatives, 5),
  };
}

const masks = [settings.falseNegatives, { kind: 'rows' }, { kind: 'none' }] as const;

const names = [
  'losses',
  'positiveLogits',
  'best',
  'masked',
  'dUsers',
  'dPositives',
  'dNegatives',
  'dLogitScale',
] as const;

function assertSame(got: InfoNceTensors, expected: InfoNceTensors): void {
  for (const name of names) {
    const [a, b] = [got[name].dataSync(), expected[name].dataSync()];
    assert.equal(a.length, b.length, name);
    a.forEach((value, index) => {
      const wanted = b[index] as number;
      assert.ok(Math.abs(value - wanted) <= 1e-5 * (1 + Math.abs(wanted)), `${name}[${index}]`);
    });
  }
}

describe('the fused loss', () => {
  before(() => openEngine('torch', { threads: 1 }));

  // Would catch a chunk that is skipped or counted twice, a maximum that is not carried on, a mask
  // that belongs to another chunk. One negative a chunk, some, a last chunk that is shorter, all.
  for (const [predictions, negatives, elements] of [
    [5, 7, 1],
    [5, 7, 15],
    [5, 7, 1000],
    [1, 1, 1000],
    [40, 300, 4000],
  ] as const) {
    it(`is the composed loss: ${predictions} x ${negatives}, ${elements} logits a chunk`, () => {
      tidy(() => {
        const inputs = inputsOf(predictions + elements, predictions, negatives);
        const expected = composedInfoNce(inputs, settings);
        if (negatives > 1) assert.ok(expected.masked.dataSync().some((count) => count > 0));
        assertSame(fusedInfoNce(inputs, { ...settings, keepLogits: false }, elements), expected);
      });
    });
  }

  // Would catch a mask by rows that compares another chunk's rows, or one that goes by cosine.
  for (const kind of ['rows', 'none'] as const) {
    for (const elements of [15, 1000]) {
      it(`is the composed loss with false negatives by ${kind}, ${elements} logits a chunk`, () => {
        tidy(() => {
          const inputs = inputsOf(elements, 100, 9);
          const by = { ...settings, falseNegatives: { kind } };
          const expected = composedInfoNce(inputs, by);
          const masked = expected.masked.dataSync();
          assert.equal(
            masked.some((count) => count > 0),
            kind === 'rows',
          );
          const got = fusedInfoNce(inputs, by, elements);
          assert.deepEqual(got.masked.dataSync(), masked);
          assertSame(got, expected);
        });
      });
    }
  }

  // Would catch a kernel that reads rows past the end of a tensor that is too short for them.
  it('refuses rows that are not those of the items', () => {
    const inputs = inputsOf(3, 6, 50);
    const refused = (changes: Partial<InfoNceInputs>, reason: RegExp): void => {
      assert.throws(() => fusedInfoNce({ ...inputs, ...changes }, settings, 100), reason);
    };
    refused({ positiveRows: inputs.negativeRows }, /"positiveRows" is .*: must be int32 \[R\]/);
    refused({ negativeRows: inputs.positiveRows }, /"negativeRows" is .*: must be int32 \[K\]/);
    const floats = cast(inputs.positiveRows, 'float32');
    refused({ positiveRows: floats }, /"positiveRows" is float32 .*: must be int32 \[R\]/);
  });

  // Would catch logits that are not those of the loss.
  it('hands out its logits where they are wanted', () => {
    tidy(() => {
      const inputs = inputsOf(3, 6, 50);
      const [got, expected] = [
        fusedInfoNce(inputs, settings, 10),
        composedInfoNce(inputs, settings),
      ].map(({ logits }) => (logits as Tensor2D).dataSync());
      expected?.forEach((value, index) => {
        const near = Math.abs((got?.[index] as number) - value) < 1e-5;
        assert.ok(near || got?.[index] === value, `logits[${index}]`);
      });
    });
  });

  // Would catch NaN from the product of an infinite logit and its zero share.
  it('is zero where every negative is left out', () => {
    tidy(() => {
      const { users, positives } = inputsOf(4, 1, 1);
      const row = tensor1d([1], 'int32');
      const inputs = {
        users,
        positives,
        negatives: positives,
        positiveRows: row,
        negativeRows: row,
      };
      const result = fusedInfoNce(inputs, { ...settings, keepLogits: false }, 10);
      for (const name of ['losses', 'dUsers', 'dPositives', 'dNegatives', 'dLogitScale'] as const) {
        assert.ok(
          result[name].dataSync().every((value) => Math.abs(value) < 1e-7),
          name,
        );
      }
    });
  });

  // Would catch predictions whose place in a chunk or thread reaches the order of their sums.
  it('gives the same bits for every number of threads', () => {
    const native = loadNative();
    const bits = [1, 2, 3].map((threads) => {
      native.open({ threads, deterministic: true, tf32: false, hostPasses: 'blocks' });
      return tidy(() => {
        const result = fusedInfoNce(inputsOf(7, 333, 500), { ...settings, keepLogits: false }, 1e5);
        return names.map((name) => result[name].dataSync().slice());
      });
    });
    native.open({ threads: 1, deterministic: true, tf32: false, hostPasses: 'blocks' });
    for (const each of bits.slice(1)) assert.deepEqual(each, bits[0]);
  });

  // Would catch what a CUDA device computes and no test on a CPU would ever run.
  for (const hostPasses of ['loops', 'kernels', 'operations'] as const) {
    for (const falseNegatives of masks) {
      it(`computes the same by ${hostPasses}, false negatives by ${falseNegatives.kind}`, () => {
        const native = loadNative();
        const by = { ...settings, falseNegatives };
        const device = { threads: 1, deterministic: true, tf32: false };
        for (const elements of [50, 1000, 1e6]) {
          tidy(() => {
            const inputs = inputsOf(8, 40, 70);
            const expected = fusedInfoNce(inputs, by, elements);
            native.open({ ...device, hostPasses });
            const got = fusedInfoNce(inputs, by, elements);
            native.open({ ...device, hostPasses: 'blocks' });
            assertSame(got, expected);
          });
        }
      });
    }
  }

  // Would catch a matrix of all logits that comes back, under whatever name.
  it('takes a tenth of the memory of all logits', () => {
    const [predictions, negatives] = [2048, 4096];
    const inputs = inputsOf(6, predictions, negatives);
    const native = loadNative();
    const before = native.memory().peakBytes;
    fusedInfoNce(inputs, { ...settings, keepLogits: false }, 2 ** 17);
    const taken = native.memory().peakBytes - before;
    assert.ok(taken > 0 && taken < (predictions * negatives * 4) / 10, `${taken} bytes`);
  });

  // Would catch a chunk's matrices that outlive it.
  it('holds nothing but its outputs', () => {
    const inputs = inputsOf(5, 30, 200);
    const before = memory().numTensors;
    const result = fusedInfoNce(inputs, { ...settings, keepLogits: false }, 600);
    assert.equal(memory().numTensors, before + names.length);
    for (const name of names) result[name].dispose();
  });
});
