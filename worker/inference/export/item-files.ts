/**
 * The embeddings of all items, in the order of the dataset's item numbers.
 *
 * Legend: I items, D distinct texts, H hidden size.
 */
import { encodeHeader } from '../../../shared/safetensors-header.js';
import type { Catalogue } from '../catalogue.js';
import type { TrainedModel } from '../trained-model.js';
import { type ExportFile, rowRanges, rowsOfGroup } from './export-file.js';
import { parquetPieces, type RowGroup } from './parquet-pieces.js';

export interface NamedItems {
  readonly trained: TrainedModel;
  readonly catalogue: Catalogue;
  /** Null where the dataset keeps no titles. */
  readonly title: ((item: number) => string) | null;
}

export function itemFiles(items: NamedItems): ExportFile[] {
  const { model, dataset } = items.trained;
  const shape = [dataset.items, model.hiddenSize];
  const floats = 4 * dataset.items * model.hiddenSize;
  return [
    {
      name: 'item-embeddings.safetensors',
      what: 'embeddings of the items, in the order of the dataset, as the User LLM reads them',
      bytes: floats,
      details: { tensors: { item_embeddings: shape } },
      content: () => tensorPieces(items, shape),
    },
    {
      name: 'items.parquet',
      what: 'the same with ids, titles, and the tokens that the Item LLM reads',
      bytes: floats + 4 * dataset.itemTokens.length,
      details: { rows: dataset.items, columns: Object.keys(columns) },
      content: () => parquetPieces(columns, rowGroups(items)),
    },
  ];
}

function* tensorPieces({ trained, catalogue }: NamedItems, shape: readonly number[]) {
  const { dataset, model } = trained;
  yield encodeHeader([['item_embeddings', { dtype: 'F32', shape }]], { format: 'pt' }).bytes;
  for (const [begin, end] of rowRanges(dataset.items, rowsOfGroup(model.hiddenSize))) {
    const rows = new Float32Array((end - begin) * model.hiddenSize);
    for (let item = begin; item < end; item++) {
      rows.set(embeddingOf(item, catalogue, model.hiddenSize), (item - begin) * model.hiddenSize);
    }
    yield new Uint8Array(rows.buffer);
  }
}

const columns = {
  item_id: 'text',
  title: 'text',
  tokens: 'integers',
  embedding: 'floats',
} as const;

function* rowGroups({ trained, catalogue, title }: NamedItems): Generator<RowGroup> {
  const { dataset, model } = trained;
  const { itemIds, itemTokens, itemTokenOffsets } = dataset;
  const { maxTextLength } = model.config;
  for (const [begin, end] of rowRanges(dataset.items, rowsOfGroup(model.hiddenSize))) {
    const items = Array.from({ length: end - begin }, (_, row) => begin + row);
    yield {
      item_id: items.map((item) => itemIds.idOf(item)),
      title: items.map((item) => title?.(item) ?? null),
      tokens: items.map((item) => {
        const [first, last] = [itemTokenOffsets[item] as number, itemTokenOffsets[item + 1]];
        return [...itemTokens.subarray(first, Math.min(last as number, first + maxTextLength))];
      }),
      embedding: items.map((item) => [...embeddingOf(item, catalogue, model.hiddenSize)]),
    };
  }
}

/** A view. [H] */
function embeddingOf(
  item: number,
  { embeddings_DH, groups }: Catalogue,
  hidden: number,
): Float32Array {
  const row = (groups.groupOf[item] as number) * hidden;
  return embeddings_DH.subarray(row, row + hidden);
}
