import assert from 'node:assert/strict';
import { it } from 'node:test';
import { benchTable } from './bench-table.js';

const torch = {
  engine: 'torch (libtorch 2.13.0)',
  dtype: 'f32',
  threads: 2,
  step_seconds: 2.25,
  users_per_second: 3.5556,
  tokens_per_second: 5580.4,
  flops_per_second: 87.34e9,
  matmul_share: 0.6134,
  peak_bytes: 1600 * 2 ** 20,
  host_share: 0.0248,
};

// Would catch a column under another's head, or a unit that is off by a thousand.
it('prints a row for each measurement and the reason for each missing one', () => {
  const failed = { engine: 'wasm', dtype: 'f32', failed: 'Cannot open the engine wasm' };
  assert.deepEqual(benchTable([failed, torch]).split('\n'), [
    'engine                   precision  threads  step, s  users/s  tokens/s  GFLOP/s  of matmul  peak MiB   host',
    'torch (libtorch 2.13.0)        f32        2    2.250     3.56     5,580     87.3     61.3 %     1,600  2.5 %',
    'wasm, f32: Cannot open the engine wasm',
  ]);
});
