import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isKept, isProgram } from './is-kept.mjs';

const core = 'node_modules/@tensorflow/tfjs-core';
const wasm = 'node_modules/@tensorflow/tfjs-backend-wasm';

// Would catch: a rule that takes away what Node loads, or the license of what is passed on.
it('keeps what Node loads and every license', () => {
  for (const path of [
    `${core}/dist/tf-core.node.js`,
    `${core}/package.json`,
    `${wasm}/dist/tf-backend-wasm.node.js`,
    `${wasm}/dist/tfjs-backend-wasm-simd.wasm`,
    'node_modules/zod/v4/core/core.js',
    'node_modules/zod/LICENSE',
    'node_modules/a/LICENSE.md',
    'node_modules/a/license.txt',
    'node_modules/@s/p/ThirdPartyNotice.md',
    'node_modules/a/lib/docs.js',
    'node_modules/a/lib/test/index.js',
    'node_modules/a/dist/docs/index.js',
    'node_modules/a/build/Release/a.node',
  ]) {
    assert.ok(isKept(path), path);
  }
});

it('leaves out maps, typings, sources, bundles for browsers and tests of packages', () => {
  for (const path of [
    `${core}/dist/tf-core.min.js`,
    `${core}/dist/ops/add.js`,
    `${wasm}/dist/kernels/Add.js`,
    'node_modules/a/index.d.ts',
    'node_modules/a/index.js.map',
    'node_modules/a/README.md',
    'node_modules/a/src/index.ts',
    'node_modules/a/test/index.js',
    'node_modules/@s/p/benchmarks/a.js',
    'node_modules/yaml/browser/index.js',
    'node_modules/@aws-sdk/client-s3/dist-types/index.js',
  ]) {
    assert.ok(!isKept(path), path);
  }
});

it('knows a package of types alone', () => {
  assert.ok(!isProgram(['node_modules/@types/ws/package.json', 'node_modules/@types/ws/LICENSE']));
  assert.ok(isProgram(['node_modules/a/package.json', 'node_modules/a/index.cjs']));
});
