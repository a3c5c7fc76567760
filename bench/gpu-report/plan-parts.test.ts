import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Host, planParts } from './plan-parts.js';
import { parseReportOptions } from './report-options.js';

const host: Host = {
  node: 'bin/node',
  python: 'python3',
  threads: 8,
  compilers: 16,
  torch: {
    version: '2.9.0',
    python: '3.12.1',
    folder: '/site/torch',
    device: 'cuda',
    cuda: '12.8',
    gpu: 'H100',
    capability: '9.0',
    gpuBytes: 80e9,
  },
  tests: [
    'dist/e2e/golden/golden.integration.test.js',
    'dist/worker/engine/torch/conformance/conformance.integration.test.js',
    'dist/worker/engine/torch/info-nce.integration.test.js',
  ],
};

const plan = (...words: string[]) => planParts(host, parseReportOptions(words));
const names = (...words: string[]) => plan(...words).map(({ name }) => name);

// Would catch a test that counts as run because no part has it.
it('builds, then runs every test in one part', () => {
  const parts = plan();
  assert.deepEqual(
    parts.slice(0, 2).map(({ purpose }) => purpose.kind),
    ['build', 'build'],
  );
  const tested = parts
    .filter(({ purpose }) => purpose.kind === 'test')
    .flatMap(({ commands }) => commands.map(({ words }) => words.at(-1)));
  assert.deepEqual([...tested].sort(), [...host.tests].sort());
});

// Would catch two programs that are compared on different devices, precisions or batches.
it('measures the programs in turns, on the same batch, device and precision', () => {
  const part = plan().find(({ name }) => name === 'step small-longtail bf16');
  assert.deepEqual(
    part?.commands.map(({ program }) => program),
    ['Lockstep exact', 'Lockstep fast', 'PyTorch', 'Lockstep exact', 'Lockstep fast', 'PyTorch'],
  );
  const [ours, fast, theirs] = part?.commands.map(({ words }) => words.join(' ')) ?? [];
  assert.match(
    ours ?? '',
    /--batch bench\/batches\/small-longtail .*--dtype bf16 --mode exact --threads 8 --steps 8/,
  );
  assert.equal(fast, ours?.replace('--mode exact', '--mode fast'));
  assert.match(
    theirs ?? '',
    /bench\/batches\/small-longtail --device cuda --bf16 --threads 8 --steps 8/,
  );
});

it('leaves the large model to a long run on a GPU', () => {
  const large = 'step smollm135m-longtail f32';
  assert.ok(names().includes(large));
  assert.ok(!names('--short').includes(large));
  const onCpu = planParts(
    { ...host, torch: { ...host.torch, device: 'cpu' } },
    parseReportOptions([]),
  );
  assert.ok(!onCpu.some(({ name }) => name === large));
});

// Would catch a chosen part that runs without its addon.
it('builds also where only some parts are wanted', () => {
  assert.deepEqual(names('--only', 'golden').slice(2), ['golden cases on the torch engine']);
});
