import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isKept } from './is-kept.mjs';

const core = 'node_modules/@tensorflow/tfjs-core/dist';
const wasm = 'node_modules/@tensorflow/tfjs-backend-wasm/dist';

// Would catch a rule that takes away what an engine or the conformance tests load.
it('keeps what Node loads', () => {
  for (const path of [
    `${core}/tf-core.node.js`,
    `${core}/tests.js`,
    `${core}/ops/add_test.js`,
    `${wasm}/tf-backend-wasm.node.js`,
    `${wasm}/tfjs-backend-wasm-simd.wasm`,
    'node_modules/@tensorflow/tfjs-backend-wasm/package.json',
    'node_modules/ws/LICENSE',
    'node_modules/zod/v4/core/core.js',
    'dist/e2e/golden/golden.integration.test.js',
    'dist/bench/main.js',
  ]) {
    assert.ok(isKept(path), path);
  }
});

// Would catch an archive that grows with what nobody runs.
it('leaves out maps, typings, bundles for browsers and unit tests', () => {
  for (const path of [
    `${core}/tf-core.min.js`,
    `${core}/tf-core.es2017.js`,
    `${core}/index.d.ts`,
    `${core}/tests.js.map`,
    `${wasm}/kernels/Add.js`,
    'node_modules/zod/src/index.ts',
    'node_modules/yaml/browser/index.js',
    'dist/.tsbuildinfo',
    'dist/bench/median.test.js',
    'dist/bench/main.js.map',
  ]) {
    assert.ok(!isKept(path), path);
  }
});
