import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { engine, type Tensor, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { openEngine } from '../open-engine.js';

const run = (kernel: string, inputs: Record<string, Tensor>, attributes = {}): Tensor[] => {
  const outputs = engine().runKernel(kernel, inputs, attributes);
  return (Array.isArray(outputs) ? outputs : [outputs]) as Tensor[];
};

const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);

describe('the embedding kernels', () => {
  before(() => openEngine('torch', { threads: 2 }));

  // Would catch [ITEM] that is read as a word, and rows in another order.
  it('looks up words and [ITEM]', () => {
    tidy(() => {
      const words = tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      const tokens = tensor1d([2, -1, 0, 2], 'int32');
      const [x] = run('LockstepEmbed', { words, item: tensor1d([7, 8]), tokens });
      assert.deepEqual(x?.shape, [4, 2]);
      assert.deepEqual(numbers(x), [5, 6, 7, 8, 1, 2, 5, 6]);
    });
  });

  // Would catch repeats that overwrite each other, columns that no thread or two threads add.
  it('adds the gradients of every row to its word', () => {
    tidy(() => {
      const width = 70;
      const tokens = [2, -1, 2, 0, -1, 2];
      const dx = tensor2d(
        Float32Array.from({ length: tokens.length * width }, (_, i) => i),
        [tokens.length, width],
      );
      const inputs = { dx, tokens: tensor1d(tokens, 'int32') };
      const [dWords, dItem] = run('LockstepEmbedGrad', inputs, { words: 3 });
      const sumOf = (wanted: number, column: number): number =>
        tokens.reduce((sum, token, row) => sum + (token === wanted ? row * width + column : 0), 0);
      const row = (token: number) => Array.from({ length: width }, (_, h) => sumOf(token, h));
      assert.deepEqual(numbers(dWords), [0, 1, 2].flatMap(row));
      assert.deepEqual(numbers(dItem), row(-1));
    });
  });

  // Would catch a read outside the table, which is somebody else's memory.
  it('refuses a token that is no word', () => {
    tidy(() => {
      const words = tensor2d([1, 2], [1, 2]);
      for (const token of [1, -2]) {
        const tokens = tensor1d([token], 'int32');
        assert.throws(
          () => run('LockstepEmbed', { words, item: tensor1d([0, 0]), tokens }),
          /LockstepEmbed on .*a token is not in \[-1, 1\)/,
        );
      }
    });
  });

  // Would catch a lack of memory that looks like any other failure, so that no lane is named.
  it('says what it asked for when memory is out', () => {
    tidy(() => {
      assert.throws(
        () => run('Fill', {}, { shape: [2 ** 45], value: 1, dtype: 'float32' }),
        (error: Error & { code?: string }) =>
          error.code === 'OUT_OF_MEMORY' && /134217728 MiB asked for/.test(error.message),
      );
    });
  });
});
