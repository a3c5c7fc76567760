import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseStepOptions } from './step-options.js';

// Would catch a default that changes, and with it what older figures are compared with.
it('has the defaults of the results in bench/results', () => {
  assert.deepEqual(parseStepOptions(['--batch', 'x']), {
    batch: 'x',
    engine: 'torch',
    precision: 'f32',
    mode: 'exact',
    activations: 'keep',
    objective: 'generative',
    targets: 0,
    threads: 2,
    steps: 4,
    trains: { item: { kind: 'all' }, user: { kind: 'all' } },
    cachedItems: false,
  });
});

it('says what trains in one word a model', () => {
  const words = ['--train-item', 'lora:8', '--train-user', 'last:2'];
  assert.deepEqual(parseStepOptions(['--batch', 'x', ...words]).trains, {
    item: { kind: 'lora', rank: 8, alpha: 16, targets: ['q', 'v'] },
    user: { kind: 'last', layers: 2 },
  });
});

// Would catch a word that is accepted and ignored: its figures would bear a false name.
it('names what it cannot use', () => {
  const refused = (words: string[], message: RegExp) =>
    assert.throws(() => parseStepOptions(['--batch', 'x', ...words]), message);
  refused(['--engine', 'tpu'], /--engine must be one of torch,cpu,wasm.*: current value is tpu/);
  refused(['--dtype', 'f16'], /--dtype must be f32.*: current value is f16/);
  refused(['--threads', '0'], /--threads must be a positive integer: current value is "0"/);
  for (const word of ['lora', 'last:0', 'nothing:1', 'some']) {
    refused(['--train-item', word], /--train-item must be all\|lora:RANK.*: current value is /);
  }
  refused(['--steps', '1.5'], /--steps must be a positive integer: current value is "1.5"/);
  refused(['--cached-items'], /--cached-items needs --train-item nothing: current value is all/);
  refused(['--targets', '3'], /--targets needs an --objective with targets/);
  assert.throws(() => parseStepOptions([]), /--batch is missing/);
});
