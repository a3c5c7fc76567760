import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../shared/project-root.js';
import { openPretrained } from './open-pretrained.js';
import type { TensorSource } from './tensor-source.js';
import { digestWeights, findWeightFiles } from './weight-files.js';

const golden = (name: string): string =>
  fileURLToPath(new URL(`pretrained/golden/${name}`, projectRoot));

const folder = mkdtempSync(join(tmpdir(), 'lockstep-pretrained-'));
after(() => rmSync(folder, { recursive: true }));
let copies = 0;

/** A copy of a golden folder with another config.json. */
function changed(name: string, change: Readonly<Record<string, unknown>>): string {
  const path = join(folder, `${copies++}`);
  cpSync(golden(name), path, { recursive: true });
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'));
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, ...change }));
  return path;
}

async function refusal(path: string): Promise<string> {
  try {
    const { source } = await openPretrained(path);
    await source.close();
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'BAD_PRETRAINED', String(error));
    return (error as Error).message;
  }
  return 'accepted';
}

async function whole(source: TensorSource, name: string, begin: number, end: number) {
  const values: number[] = [];
  for await (const piece of source.read(name, { begin, end })) values.push(...piece);
  return values;
}

// Would catch: a field of config.json that is passed over, or taken for another one.
test('a folder says what the model is', async () => {
  const { config, source, files } = await openPretrained(golden('llama3-shards'));
  await source.close();
  assert.deepEqual(config, {
    family: 'llama',
    decoder: {
      hiddenSize: 8,
      layers: 2,
      heads: 2,
      headSize: 4,
      keyValueHeads: 1,
      intermediateSize: 12,
      normEps: 1e-6,
      ropeTheta: 10000,
      ropeScaling: {
        kind: 'llama3',
        factor: 4,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContext: 8,
      },
      attentionBias: 'qkvo',
    },
    vocabularySize: 13,
    tied: false,
    window: null,
  });
  assert.equal(files.names.length, 3);
});

// Would catch: a GGUF file that gives another model than the folder that it was made of.
test('a GGUF file says the same as a folder', async () => {
  for (const name of ['qwen2-f16', 'qwen3-f16']) {
    const file = await openPretrained(golden(`${name}.gguf`));
    const other = await openPretrained(golden(name.slice(0, 5)));
    assert.deepEqual({ ...file.config, tied: other.config.tied }, other.config);
    const names = (source: TensorSource): string[] => source.tensors.map((tensor) => tensor.name);
    const output = file.config.tied === other.config.tied ? [] : ['lm_head.weight'];
    assert.deepEqual(names(file.source).sort(), [...names(other.source), ...output].sort());
    await Promise.all([file.source.close(), other.source.close()]);
  }
});

// Would catch: a range that begins or ends within a block, or within a head, and is cut wrongly.
test('any range of a tensor is read', async () => {
  const { source } = await openPretrained(golden('llama-mixed.gguf'));
  for (const { name, shape } of source.tensors) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const all = await whole(source, name, 0, size);
    assert.equal(all.length, size);
    for (const [begin, end] of [
      [0, 1],
      [size - 1, size],
      [Math.floor(size / 3), Math.floor(size / 2)],
    ] as const) {
      assert.deepEqual(await whole(source, name, begin, end), all.slice(begin, end), name);
    }
  }
  await source.close();
});

// Would catch: a model that is computed as if it were another one.
test('what cannot be computed is refused by name', async () => {
  const of = (name: string, change: object): Promise<string> =>
    refusal(changed(name, change as Record<string, unknown>));
  assert.match(
    await of('qwen2', { model_type: 'gpt2' }),
    /"model_type" is "gpt2": it must be one of/,
  );
  // Would catch: a table of a billion layers' shapes, made before anything is compared with the file.
  assert.match(
    await of('mistral', { num_hidden_layers: 10 ** 12 }),
    /"num_hidden_layers" is 1000000000000: it must be at most 1024/,
  );
  assert.match(
    await of('qwen2', { hidden_act: 'gelu' }),
    /"hidden_act" is "gelu": it must be "silu"/,
  );
  assert.match(await of('qwen2', { magic: 3 }), /the setting "magic" \(3\) is not known/);
  assert.match(
    await of('qwen2', { quantization_config: { bits: 4 } }),
    /"quantization_config" is {"bits":4}: it must be left out/,
  );
  assert.match(
    await of('llama-tied', { rope_parameters: { rope_type: 'yarn', factor: 4 } }),
    /rope_parameters: "rope_type" is "yarn": it must be default, linear or llama3/,
  );
  assert.match(await of('llama-tied', { mlp_bias: true }), /"mlp_bias" is true: it must be false/);
  assert.match(
    await of('llama-tied', { num_hidden_layers: 1 }),
    /tensor "model.layers.1.*is not known/,
  );
  assert.match(await of('llama-tied', { num_hidden_layers: 3 }), /"model.layers.2.* is missing/);
  assert.match(
    await of('llama-tied', { intermediate_size: 13 }),
    /mlp.down_proj.weight" has the shape \[8, 12\]: its settings ask for \[8, 13\]/,
  );
  assert.match(await of('llama-tied', { attention_bias: true }), /q_proj.bias" is missing/);
  assert.match(
    await of('mistral', { architectures: ['MistralForSequenceClassification'] }),
    /"architectures" is \["MistralForSequenceClassification"\]/,
  );
});

// Would catch: older files, whose rotary settings have other names, taken for models without any.
test('the names of older versions are understood', async () => {
  const older = changed('llama-tied', {
    rope_parameters: undefined,
    rope_theta: 500,
    rope_scaling: { type: 'linear', factor: 3 },
  });
  const { config, source } = await openPretrained(older);
  await source.close();
  assert.equal(config.decoder.ropeTheta, 500);
  assert.deepEqual(config.decoder.ropeScaling, { kind: 'linear', factor: 3 });
});

// Would catch: Mistral's window, which its own default gives where the file says nothing.
test('a sliding window is known', async () => {
  const window = async (change: object): Promise<number | null> => {
    const { config, source } = await openPretrained(changed('mistral', change as never));
    await source.close();
    return config.window;
  };
  assert.equal(await window({}), null);
  assert.equal(await window({ sliding_window: 128 }), 128);
  assert.equal(await window({ sliding_window: undefined }), 4096);
});

// Would catch: `ENOENT` or a stack in the place of a word on what a path should be.
test('paths that are no model are told', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  assert.match(await refusal(join(folder, 'none')), /there is no such file or folder/);
  assert.match(await refusal(empty), /it has no model.safetensors and no model.safetensors.index/);
  writeFileSync(join(empty, 'pytorch_model.bin'), '');
  assert.match(await refusal(empty), /pytorch_model.bin is not read, because such a file may run/);
  assert.match(await refusal(golden('make.py')), /it should be a GGUF file/);
  const cut = join(folder, 'cut.gguf');
  cpSync(golden('qwen2-f16.gguf'), cut);
  truncateSync(cut, 4000);
  assert.match(await refusal(cut), /its tensor ".*" ends at byte \d+: the file has 4000/);
});

// Would catch: a digest that nobody can find again with `sha256sum`.
test('the digest of one file is the file, that of several is of their list', async () => {
  const sha256 = (bytes: string | Buffer): string =>
    createHash('sha256').update(bytes).digest('hex');
  const file = golden('qwen2-f16.gguf');
  assert.equal(await digestWeights(await findWeightFiles(file)), sha256(readFileSync(file)));
  const shards = await findWeightFiles(golden('llama3-shards'));
  const lines = shards.names.map((name) => {
    return `${sha256(readFileSync(join(shards.folder, name)))}  ${name}\n`;
  });
  assert.equal(await digestWeights(shards), sha256(lines.join('')));
});

// Would catch: an error of the system that names neither the model nor the file.
test('an index that names a folder is refused', async () => {
  const path = changed('llama3-shards', {});
  const index = join(path, 'model.safetensors.index.json');
  const { weight_map } = JSON.parse(readFileSync(index, 'utf8'));
  mkdirSync(join(path, 'folder.safetensors'));
  const names = { ...weight_map, 'model.norm.weight': 'folder.safetensors' };
  writeFileSync(index, JSON.stringify({ weight_map: names }));
  assert.match(await refusal(path), /its folder\.safetensors is no file/);
});
