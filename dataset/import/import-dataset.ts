/**
 * Turns two text files into a dataset folder. Nothing is kept per row but what the folder holds:
 * the items file is read up to three times, the interactions file twice.
 */

import { DatasetError } from '../dataset-error.js';
import type { DatasetManifest, FileRole } from '../dataset-manifest.js';
import { rowMessage, type SkippedRow } from '../tables/bad-rows.js';
import { GrowableInt32Array } from '../tables/growable-array.js';
import { IdTable } from '../tables/id-table.js';
import {
  countInteractions,
  type InteractionCounts,
  type InteractionsSource,
  readSequences,
} from '../tables/interactions-table.js';
import { type ItemsTable, openItems } from '../tables/items-table.js';
import type { TableFile } from '../tables/read-table.js';
import type { FileFormat } from '../tables/text-layout.js';
import {
  createItemTokenizer,
  type ItemTokenizer,
  readTokenizerFiles,
} from '../tokenizer/item-tokenizer.js';
import { type LearntTokenizer, learnTokenizer } from '../tokenizer/learn-tokenizer.js';
import { WordCounter } from '../tokenizer/word-counter.js';
import { type ImportOptions, type ResolvedOptions, resolveOptions } from './import-options.js';
import { reportImport } from './import-report.js';
import { composeItemText } from './item-text.js';
import { requireAbsent, writeDataset } from './write-dataset.js';

export interface ImportReport {
  readonly directory: string;
  readonly manifest: DatasetManifest;
  readonly skipped: {
    readonly items: readonly SkippedRow[];
    readonly interactions: readonly SkippedRow[];
  };
  /** Items that the file describes but nobody has used; kept only with the catalogue `all`. */
  readonly unusedItems: number;
  /** Items whose text was longer than the maximum. */
  readonly cutTexts: number;
}

/** @throws DatasetError; then no folder is left behind */
export async function importDataset(options: ImportOptions): Promise<ImportReport> {
  const resolved = resolveOptions(options);
  const { format, headers, onBadRow, columns, progress } = resolved;
  await requireAbsent(resolved.output);
  const table = await openItems({
    table: tableFile(resolved.items, format, headers.items),
    idColumn: columns.id,
    fields: resolved.fields,
    onBadRow,
    progress: (bytes, total) => progress({ stage: 'items', fraction: bytes / total }),
  });
  const source: InteractionsSource = {
    table: tableFile(resolved.interactions, format, headers.interactions),
    userColumn: columns.user,
    itemColumn: columns.item,
    timeColumn: columns.time,
    onBadRow,
    items: table.ids,
    progress: (pass, bytes, total) =>
      progress({
        stage: pass === 1 ? 'count interactions' : 'sort interactions',
        fraction: bytes / total,
      }),
  };
  const counts = await countInteractions(source);
  const catalogue = chooseItems(table.ids, counts.perItem, resolved.catalogue === 'all');
  const { tokenizer, learnt } = await chooseTokenizer(resolved, table, catalogue.renumbered);
  const texts = await tokenizeItems(resolved, table, catalogue.renumbered, tokenizer);
  const sequences = await readSequences(source, counts, catalogue.renumbered);
  progress({ stage: 'write', fraction: 0 });
  const userIds = counts.users.flat();
  const itemIds = catalogue.ids.flat();
  const encoder = new TextEncoder();
  const files: Record<FileRole, ArrayBufferView> = {
    sequenceOffsets: sequences.offsets,
    sequenceItems: sequences.items,
    itemTokenOffsets: texts.offsets,
    itemTokens: texts.tokens,
    userIds: userIds.bytes,
    userIdOffsets: userIds.offsets,
    itemIds: itemIds.bytes,
    itemIdOffsets: itemIds.offsets,
    tokenizer: encoder.encode(tokenizer.json),
    tokenizerConfig: encoder.encode(tokenizer.config),
  };
  const manifest = await writeDataset(resolved.output, {
    name: resolved.name,
    counts: {
      users: counts.users.count,
      items: catalogue.ids.count,
      interactions: counts.total,
      itemTokens: texts.tokens.length,
      vocabulary: tokenizer.vocabularySize,
    },
    options: describe(resolved, learnt, table, counts),
    report: reportImport({
      sequenceOffsets: sequences.offsets,
      sequenceItems: sequences.items,
      itemTokenOffsets: texts.offsets,
      itemTokens: texts.tokens,
      vocabulary: tokenizer.vocabularySize,
      unknown: tokenizer.unknown,
      words: learnt && { distinct: learnt.words, once: learnt.wordsOnce },
      cutTexts: texts.cut,
      leftOut: rowsOf(counts.badRows.skipped),
    }),
    files,
  });
  progress({ stage: 'write', fraction: 1 });
  return {
    directory: resolved.output,
    manifest,
    skipped: {
      items: table.badRows.skipped,
      interactions: counts.badRows.skipped,
    },
    unusedItems: counts.perItem.reduce((unused, rows) => unused + (rows === 0 ? 1 : 0), 0),
    cutTexts: texts.cut,
  };
}

const tableFile = (
  path: string,
  format: FileFormat,
  columns: readonly string[] | undefined,
): TableFile => ({ path, format, ...(columns && { columns }) });

/** The items of the dataset; `renumbered` holds their new numbers, -1 for those left out. */
function chooseItems(
  all: IdTable,
  perItem: Uint32Array,
  keepUnused: boolean,
): { ids: IdTable; renumbered: Int32Array } {
  const renumbered = new Int32Array(all.count).fill(-1);
  const ids = new IdTable();
  const { bytes, offsets } = all.flat();
  for (let item = 0; item < all.count; item++) {
    if (!keepUnused && perItem[item] === 0) continue;
    renumbered[item] = ids.add(bytes, offsets[item]!, offsets[item + 1]!);
  }
  return { ids, renumbered };
}

async function chooseTokenizer(
  options: ResolvedOptions,
  table: ItemsTable,
  renumbered: Int32Array,
): Promise<{ tokenizer: ItemTokenizer; learnt: LearntTokenizer | null }> {
  const { tokenizer, progress } = options;
  if (tokenizer.kind === 'pretrained') {
    const files = await readTokenizerFiles(tokenizer.path);
    return { tokenizer: createItemTokenizer(files, tokenizer.path), learnt: null };
  }
  const counter = new WordCounter();
  await table.readTexts((item, values) => {
    if (renumbered[item]! < 0) return;
    counter.add(composeItemText(options, table.keys, values));
    progress({ stage: 'learn words', fraction: (item + 1) / table.ids.count });
  });
  const learnt = learnTokenizer(counter, tokenizer);
  return { tokenizer: createItemTokenizer(learnt, 'learnt from the texts'), learnt };
}

async function tokenizeItems(
  options: ResolvedOptions,
  table: ItemsTable,
  renumbered: Int32Array,
  tokenizer: ItemTokenizer,
): Promise<{ offsets: Uint32Array; tokens: Int32Array; cut: number }> {
  const { maximumTokens, progress } = options;
  const ends = new GrowableInt32Array();
  ends.push(0);
  const tokens = new GrowableInt32Array();
  let cut = 0;
  await table.readTexts((item, values, place) => {
    if (renumbered[item]! < 0) return;
    const ids = tokenizer.encode(composeItemText(options, table.keys, values));
    if (ids.length === 0) {
      const what = 'the text has no token: it should have one';
      throw new DatasetError('EMPTY_TEXT', rowMessage(options.items, place, what), {
        file: options.items,
        line: place.line,
      });
    }
    if (ids.length > maximumTokens) cut++;
    for (let i = 0; i < ids.length && i < maximumTokens; i++) tokens.push(ids[i]!);
    ends.push(tokens.length);
    progress({ stage: 'tokenize', fraction: (item + 1) / table.ids.count });
  });
  return { offsets: Uint32Array.from(ends.take()), tokens: tokens.take(), cut };
}

/** Without paths: the manifest of the same import is the same on every machine. */
function describe(
  options: ResolvedOptions,
  learnt: LearntTokenizer | null,
  { keys, found: items }: ItemsTable,
  { found: interactions }: InteractionCounts,
): Record<string, unknown> {
  const { format, onBadRow, catalogue, columns, prompt, separator, fields } = options;
  return {
    format,
    found: { items, interactions },
    headers: options.headers,
    onBadRow,
    catalogue,
    columns,
    prompt,
    separator,
    fields: fields ?? keys.map((key) => ({ column: key, key })),
    maximumTokens: options.maximumTokens,
    tokenizer: learnt === null ? { kind: 'pretrained' } : describeLearnt(options, learnt),
  };
}

function describeLearnt({ tokenizer }: ResolvedOptions, learnt: LearntTokenizer): object {
  const { model, minimumFrequency } = learnt;
  return { ...tokenizer, model, minimumFrequency };
}

const rowsOf = (skipped: readonly SkippedRow[]): number =>
  skipped.reduce((sum, { rows }) => sum + rows, 0);
