import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cudaRequirements, decideTorch, installedTorch, torchVersion } from './torch-build.mjs';

const linux = { platform: 'linux', hasDriver: false, choice: null };

// Would catch gigabytes of CUDA on a machine that cannot use them, and a GPU that stays idle.
test('a driver wants CUDA, a machine without one does not, and a choice is kept', () => {
  assert.equal(decideTorch(linux), 'cpu');
  assert.equal(decideTorch({ ...linux, hasDriver: true }), 'cuda');
  assert.equal(decideTorch({ ...linux, choice: 'cuda' }), 'cuda');
  assert.equal(decideTorch({ ...linux, hasDriver: true, choice: 'cpu' }), 'cpu');
  assert.equal(decideTorch({ ...linux, platform: 'darwin', choice: 'cuda' }), 'cpu');
});

const withCuda = [
  'Name: torch',
  'Requires-Dist: jinja2',
  'Requires-Dist: cuda-toolkit[cublas,cudart,cupti]==13.0.3; platform_system == "Linux"',
].join('\n');

// Would catch libraries of another CUDA than the one that this torch was built with.
test('the two libraries come in the version that the build of torch names', () => {
  assert.equal(cudaRequirements(withCuda), 'cuda-toolkit[cudart,cupti]==13.0.3');
  assert.equal(cudaRequirements('Name: torch\nRequires-Dist: jinja2\n'), null);
});

// Would catch half an installation that passes for a whole one, after an interrupted set-up.
test('what is installed is told by what pip has finished', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-torch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const add = (record, metadata = '') => {
    mkdirSync(join(folder, `${record}.dist-info`));
    writeFileSync(join(folder, `${record}.dist-info`, 'METADATA'), metadata);
  };
  assert.equal(installedTorch(null), 'absent');
  assert.equal(installedTorch(folder), 'absent');
  add('torch-1.0.0', withCuda);
  assert.equal(installedTorch(folder), 'absent');
  add(`torch-${torchVersion}`, withCuda);
  assert.equal(installedTorch(folder), 'absent');
  add('nvidia_cuda_runtime-13.0.96');
  assert.equal(installedTorch(folder), 'absent');
  add('nvidia_cuda_cupti-13.0.85');
  assert.equal(installedTorch(folder), 'cpu');
  add('nvidia_cudnn_cu13-9.20.0.48');
  add('nvidia_nccl_cu13-2.29.7');
  assert.equal(installedTorch(folder), 'cuda');
});

test('a build without CUDA needs none of its libraries', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-torch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, `torch-${torchVersion}+cpu.dist-info`));
  writeFileSync(join(folder, `torch-${torchVersion}+cpu.dist-info`, 'METADATA'), 'Name: torch\n');
  assert.equal(installedTorch(folder), 'cpu');
});
