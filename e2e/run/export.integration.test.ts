/** What an export holds, read back: the same embeddings come out of the exported models. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import { openPretrained } from '../../pretrained/open-pretrained.js';
import { decodeSafetensors } from '../../shared/safetensors.js';
import { openCatalogue } from '../../worker/inference/catalogue.js';
import { exportParts, writeExport } from '../../worker/inference/export/write-export.js';
import { readHistories } from '../../worker/inference/read-histories.js';
import { openTrainedModel, type TrainedModel } from '../../worker/inference/trained-model.js';
import { Hllm } from '../../worker/model/hllm.js';
import type { ModelConfig } from '../../worker/model/model-config.js';
import { loadPretrained } from '../../worker/model/pretrained/load-pretrained.js';
import { HostState } from '../../worker/state/host-state.js';
import { modelConfig } from '../../worker/training/from-job.js';
import { trainedRun } from './trained-run.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-export-'));
after(() => rmSync(root, { recursive: true, force: true }));

const nothingKept = { openBlocks: async () => null, onProgress: () => undefined };

interface Exported {
  readonly folder: string;
  readonly trained: TrainedModel;
  readonly dataset: Dataset;
}

async function exported(name: string, more: object): Promise<Exported> {
  const run = await trainedRun(join(root, name), more);
  const dataset = await openDataset(run.data);
  const trained = await openTrainedModel({
    ...{ job: run.job, dataset, checkpoints: join(run.folder, 'checkpoints') },
    checkpoint: { kind: 'newest' },
    computes: true,
    note: assert.fail,
  });
  const folder = join(root, name, 'export');
  await writeExport(trained, {
    ...{ parts: exportParts, directory: folder, run: null },
    title: (item) => `Title ${item}`,
    openCatalogue: () => openCatalogue(trained, nothingKept),
    onProgress: () => undefined,
  });
  return { folder, trained, dataset };
}

const tensorsIn = (file: string) => decodeSafetensors(readFileSync(file));

function floatsIn(file: string, name: string): Float32Array {
  return tensorsIn(file).get(name)?.data as Float32Array;
}

/** The model as the two folders have it, and nothing else. */
async function readBack({ folder, trained }: Exported): Promise<TrainedModel> {
  const [item, user] = await Promise.all(
    ['item_llm', 'user_llm'].map((llm) => openPretrained(join(folder, llm))),
  );
  assert.ok(item && user);
  const { itemEmbedding, maxTextLength } = JSON.parse(
    readFileSync(join(folder, 'item_llm', 'hllm.json'), 'utf8').replaceAll(
      /_([a-z])/g,
      (_, letter: string) => letter.toUpperCase(),
    ),
  );
  const token = itemEmbedding.startsWith('item') ? 1 : 0;
  const config: ModelConfig = {
    ...modelConfig(trained.job, item.config.vocabularySize - token),
    ...{ item: item.config.decoder, user: user.config.decoder, maxTextLength },
    itemEmbedding: token === 1 ? 'item-token' : 'mean',
  };
  const model = new Hllm(config);
  const state = HostState.zeros(model.layout);
  await loadPretrained('item_llm', item.source, state);
  await loadPretrained('user_llm', user.source, state);
  if (token === 1) {
    const table = floatsIn(
      join(folder, 'item_llm', 'model.safetensors'),
      'model.embed_tokens.weight',
    );
    model.layout
      .view(state.parameters, 'item_emb_tokens')
      .set(table.subarray(-config.item.hiddenSize));
  }
  await Promise.all([item.source.close(), user.source.close()]);
  model.load(state.parameters);
  return { ...trained, model, flat: state.parameters };
}

function assertClose(found: Float32Array, expected: Float32Array): void {
  assert.equal(found.length, expected.length);
  for (const [at, value] of expected.entries()) {
    const difference = Math.abs((found[at] as number) - value);
    assert.ok(difference < 1e-6, `number ${at} is ${found[at]}: it should be ${value}`);
  }
}

const tower = { hiddenSize: 8, layers: 2, heads: 2, keyValueHeads: 1, intermediateSize: 8 };
const llama3 = {
  ...{ kind: 'llama3', factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4 },
  originalContext: 16,
};
const variants: Readonly<Record<string, object>> = {
  llama: {},
  mean: { model: { item: tower, user: tower, maxTextLength: 4, itemEmbedding: 'mean' } },
  qwen: {
    model: {
      item: { ...tower, attentionBias: 'qkv', ropeScaling: llama3 },
      user: { ...tower, attentionBias: 'qkvo', queryKeyNorm: true, headSize: 6 },
      maxTextLength: 4,
    },
  },
  lora: {
    model: {
      item: { ...tower, train: { kind: 'lora', rank: 2, alpha: 3 } },
      user: { ...tower, train: { kind: 'lora', rank: 1 } },
      maxTextLength: 4,
    },
  },
  // Behind the first stage, whose head and [USER] token are still part of the checkpoint.
  stages: {
    duration: undefined,
    stages: [
      {
        name: 'labels',
        objective: { kind: 'late-fusion', negatives: { all: true } },
        duration: { steps: 1 },
      },
      {
        name: 'histories',
        train: { item: { kind: 'nothing' } },
        data: { sequences: { maxLength: 3 } },
        duration: { steps: 1 },
      },
    ],
  },
  'late-fusion': { objective: { kind: 'late-fusion', negatives: { all: true } } },
};

// Would catch a tensor in another's place, an adapter or an [ITEM] token that is left out, settings that
// say another model than the weights are of, and embeddings in another order than the ids.
for (const [name, more] of Object.entries(variants)) {
  test(`the models of an export give its embeddings: ${name}`, async () => {
    const found = await exported(name, more);
    const { folder, trained, dataset } = found;
    const back = await readBack(found);
    const catalogue = await openCatalogue(back, nothingKept);
    const embeddings = floatsIn(join(folder, 'item-embeddings.safetensors'), 'item_embeddings');
    const { hiddenSize } = trained.model;
    for (let item = 0; item < dataset.items; item++) {
      const group = catalogue.groups.groupOf[item] as number;
      assertClose(
        catalogue.embeddings_DH.subarray(group * hiddenSize, (group + 1) * hiddenSize),
        embeddings.subarray(item * hiddenSize, (item + 1) * hiddenSize),
      );
    }
    const histories = Array.from({ length: dataset.users }, (_, user) =>
      dataset.sequenceItems.subarray(
        dataset.sequenceOffsets[user],
        dataset.sequenceOffsets[user + 1],
      ),
    );
    const { order, predictions_UH } = readHistories(back, catalogue, histories);
    const users = floatsIn(join(folder, 'user-embeddings.safetensors'), 'user_embeddings');
    order.forEach((user, at) => {
      assertClose(
        predictions_UH.subarray(at * hiddenSize, (at + 1) * hiddenSize),
        users.subarray(user * hiddenSize, (user + 1) * hiddenSize),
      );
    });
  });
}

const objectsIn = async (file: string) => {
  const bytes = readFileSync(file);
  return parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  });
};

// Would catch rows under other ids, and tokens that the model does not read.
test('the tables have the ids, and the numbers of the tensors', async () => {
  const { folder, dataset, trained } = await exported('tables', {});
  const items = await objectsIn(join(folder, 'items.parquet'));
  const embeddings = floatsIn(join(folder, 'item-embeddings.safetensors'), 'item_embeddings');
  const { hiddenSize } = trained.model;
  items.forEach((row, item) => {
    assert.deepEqual([row.item_id, row.title], [dataset.itemIds.idOf(item), `Title ${item}`]);
    assert.deepEqual(row.embedding, [
      ...embeddings.subarray(item * hiddenSize, (item + 1) * hiddenSize),
    ]);
    const [first, last] = [dataset.itemTokenOffsets[item], dataset.itemTokenOffsets[item + 1]];
    assert.deepEqual(row.tokens, [...dataset.itemTokens.subarray(first, last)].slice(0, 4));
  });
  const users = await objectsIn(join(folder, 'users.parquet'));
  assert.deepEqual(
    users.map(({ user_id }) => user_id),
    [0, 1].map((user) => dataset.userIds.idOf(user)),
  );
  // What the model has read: the newest four of six.
  assert.deepEqual(
    users.map(({ history }) => history),
    [0, 1].map((user) => [...dataset.sequenceItems.subarray(6 * user + 2, 6 * user + 6)]),
  );
});

// Would catch a manifest that vouches for other bytes, and an export that writes over another, or leaves
// half of one behind.
test('the manifest lists every file with its digest, and a folder is written once', async () => {
  const { folder, trained } = await exported('manifest', {});
  const { files, checkpoint } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const listed = (files as { name: string }[]).map(({ name }) => name);
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  assert.deepEqual([...listed, 'manifest.json'].sort(), found.sort());
  assert.equal(checkpoint.weights_sha256, trained.checkpoint.manifest.weightsSha256);
  const wish = {
    ...{ parts: exportParts, run: null, title: null, onProgress: () => undefined },
    openCatalogue: () => openCatalogue(trained, nothingKept),
  };
  await assert.rejects(writeExport(trained, { ...wish, directory: folder }), {
    code: 'OUTPUT_EXISTS',
  });
  const stopped = join(root, 'stopped');
  const onProgress = (stage: string): void => {
    if (stage === 'write hllm.safetensors') throw new Error('stop');
  };
  await assert.rejects(writeExport(trained, { ...wish, directory: stopped, onProgress }), /stop/);
  assert.deepEqual(
    readdirSync(root).filter((name) => name.includes('stopped')),
    [],
  );
});
