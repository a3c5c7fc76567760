/**
 * What the User LLM expects behind the whole history of each of the dataset's users.
 *
 * Legend: U users, H hidden size.
 */
import { join } from 'node:path';
import { encodeHeader } from '../../../shared/safetensors-header.js';
import { readBytes, withFile } from '../../../storage/hashed-files.js';
import type { Catalogue } from '../catalogue.js';
import { historiesOfBatch, readHistories } from '../read-histories.js';
import type { TrainedModel } from '../trained-model.js';
import { type ExportFile, rowRanges, rowsOfGroup } from './export-file.js';
import { parquetPieces, type RowGroup } from './parquet-pieces.js';

const tensorFile = 'user-embeddings.safetensors';

/** @param folder where the files are written: the second is made of the first, not of another pass */
export function userFiles(
  trained: TrainedModel,
  catalogue: Catalogue,
  folder: string,
): ExportFile[] {
  const { model, dataset } = trained;
  const shape = [dataset.users, model.hiddenSize];
  const floats = 4 * dataset.users * model.hiddenSize;
  const header = encodeHeader([['user_embeddings', { dtype: 'F32', shape }]], { format: 'pt' });
  return [
    {
      name: tensorFile,
      what: 'predictions behind the whole histories of the users, in the order of the dataset',
      bytes: floats,
      details: { tensors: { user_embeddings: shape } },
      content: () => tensorPieces(header.bytes, trained, catalogue),
    },
    {
      name: 'users.parquet',
      what: 'the same with ids, and the rows of the items that the User LLM has read',
      bytes: floats + 4 * dataset.sequenceItems.length,
      details: { rows: dataset.users, columns: Object.keys(columns) },
      content: () =>
        parquetPieces(
          columns,
          rowGroups(trained, join(folder, tensorFile), header.bytes.byteLength),
        ),
    },
  ];
}

function* tensorPieces(header: Uint8Array, trained: TrainedModel, catalogue: Catalogue) {
  yield header;
  const { dataset, model } = trained;
  const { hiddenSize } = model;
  for (const [begin, end] of rowRanges(dataset.users, historiesOfBatch)) {
    const histories = Array.from({ length: end - begin }, (_, at) =>
      historyOf(trained, begin + at),
    );
    const { order, predictions_UH } = readHistories(trained, catalogue, histories);
    const rows = new Float32Array(histories.length * hiddenSize);
    order.forEach((index, at) => {
      rows.set(predictions_UH.subarray(at * hiddenSize, (at + 1) * hiddenSize), index * hiddenSize);
    });
    yield new Uint8Array(rows.buffer);
  }
}

const columns = { user_id: 'text', history: 'integers', embedding: 'floats' } as const;

async function* rowGroups(
  trained: TrainedModel,
  file: string,
  headerBytes: number,
): AsyncGenerator<RowGroup> {
  const { dataset, job, model } = trained;
  const { hiddenSize } = model;
  const { maxLength } = job.spec.data.sequences;
  for (const [begin, end] of rowRanges(dataset.users, rowsOfGroup(hiddenSize))) {
    const range = [begin, end].map((user) => headerBytes + 4 * user * hiddenSize);
    const bytes = await withFile(file, 'r', (handle) =>
      readBytes(handle, { begin: range[0] as number, end: range[1] as number }),
    );
    const floats = new Float32Array(bytes.buffer);
    const users = Array.from({ length: end - begin }, (_, row) => begin + row);
    yield {
      user_id: users.map((user) => dataset.userIds.idOf(user)),
      history: users.map((user) => [...historyOf(trained, user).subarray(-maxLength)]),
      embedding: users.map((_, row) => [
        ...floats.subarray(row * hiddenSize, (row + 1) * hiddenSize),
      ]),
    };
  }
}

function historyOf({ dataset }: TrainedModel, user: number): Int32Array {
  const { sequenceOffsets, sequenceItems } = dataset;
  return sequenceItems.subarray(sequenceOffsets[user], sequenceOffsets[user + 1]);
}
