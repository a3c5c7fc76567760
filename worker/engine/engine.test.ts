import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  getBackend,
  matMul,
  mul,
  ones,
  square,
  sum,
  tensor1d,
  valueAndGrad,
} from '@tensorflow/tfjs-core';
import type { EngineName } from './engine.js';
import { openEngine } from './open-engine.js';

for (const name of ['cpu', 'wasm'] as const satisfies readonly EngineName[]) {
  // Would catch two copies of tfjs-core: the backend would register with one, we would call the other.
  test(`${name} computes values and gradients through the tfjs-core that we import`, async () => {
    const engine = await openEngine(name, { threads: 1 });
    assert.equal(engine.name, name);
    assert.equal(getBackend(), name);
    assert.deepEqual([...matMul(ones([2, 3]), ones([3, 2])).dataSync()], [3, 3, 3, 3]);
    const { grad } = valueAndGrad((x) => mul(sum(square(x)), 0.5))(tensor1d([1, -2]));
    assert.deepEqual([...grad.dataSync()], [1, -2]);
  });
}
