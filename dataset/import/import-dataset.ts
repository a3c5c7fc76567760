/**
 * Turns two text files into a dataset folder. Nothing is kept per row but what the folder holds:
 * the items file is read up to three times, the interactions file twice.
 */

import { DatasetError } from '../dataset-error.js';
import type { DatasetManifest } from '../dataset-manifest.js';
import { countLabels } from '../labels.js';
import { rowMessage, type SkippedRow } from '../tables/bad-rows.js';
import type { LabelRule } from '../tables/fields/label-field.js';
import type { FileFormat } from '../tables/formats/text-layout.js';
import { GrowableInt32Array } from '../tables/growable-array.js';
import {
  countInteractions,
  type InteractionCounts,
  type InteractionsSource,
  readSequences,
  type Sequences,
} from '../tables/interactions-table.js';
import { type ItemsTable, openItems } from '../tables/items-table.js';
import type { TableFile } from '../tables/read-table.js';
import {
  createItemTokenizer,
  type ItemTokenizer,
  readTokenizerFiles,
} from '../tokenizer/item-tokenizer.js';
import { type LearntTokenizer, learnTokenizer } from '../tokenizer/learn-tokenizer.js';
import { WordCounter } from '../tokenizer/word-counter.js';
import { type Chosen, chooseItems, chooseUsers, countPerItem, renumber } from './choose-items.js';
import { type AppliedFilter, type FilterOptions, filterText } from './filters/filter-options.js';
import { filterSequences } from './filters/filter-sequences.js';
import { type ImportOptions, type ResolvedOptions, resolveOptions } from './import-options.js';
import { reportImport } from './import-report.js';
import { composeItemText } from './item-text.js';
import { type KeptTexts, TextKeeper } from './kept-texts.js';
import { type DatasetContent, requireAbsent, writeDataset } from './write-dataset.js';

export interface ImportReport {
  readonly directory: string;
  readonly manifest: DatasetManifest;
  readonly skipped: {
    readonly items: readonly SkippedRow[];
    readonly interactions: readonly SkippedRow[];
  };
  /** What each filter has taken away. */
  readonly filters: readonly AppliedFilter[];
  /** Items that the file describes but nobody has used; kept only with the catalogue `all`. */
  readonly unusedItems: number;
  /** Items whose text was longer than the maximum. */
  readonly cutTexts: number;
}

/** @throws DatasetError; then no folder is left behind */
export async function importDataset(options: ImportOptions): Promise<ImportReport> {
  const resolved = resolveOptions(options);
  const { format, headers, onBadRow, columns, filters, progress } = resolved;
  await requireAbsent(resolved.output);
  const table = await openItems({
    table: tableFile(resolved.items, format, headers.items),
    idColumn: columns.id,
    fields: resolved.fields,
    titleColumn: columns.title,
    onBadRow,
    progress: (bytes, total) => progress({ stage: 'items', fraction: bytes / total }),
  });
  const source: InteractionsSource = {
    table: tableFile(resolved.interactions, format, headers.interactions),
    userColumn: columns.user,
    itemColumn: columns.item,
    timeColumn: columns.time,
    rating:
      filters.minimumRating === undefined
        ? null
        : { column: columns.rating, least: filters.minimumRating },
    label: resolved.label,
    onBadRow,
    items: table.ids,
    progress: (pass, bytes, total) =>
      progress({
        stage: pass === 1 ? 'count interactions' : 'sort interactions',
        fraction: bytes / total,
      }),
  };
  const counts = await countInteractions(source);
  const filtered = filterInteractions(source, counts, await readSequences(source, counts), filters);
  const perItem = countPerItem(filtered.sequences, table.ids.count);
  const catalogue = chooseItems(table.ids, perItem, resolved.catalogue === 'all');
  const users = chooseUsers(counts.users, filtered.sequences.offsets);
  const sequences = renumber(filtered.sequences, users, catalogue);
  const { tokenizer, learnt } = await chooseTokenizer(resolved, table, catalogue.renumbered);
  const texts = await tokenizeItems(resolved, table, catalogue, tokenizer);
  progress({ stage: 'write', fraction: 0 });
  const userIds = users.ids.flat();
  const itemIds = catalogue.ids.flat();
  const encoder = new TextEncoder();
  const files: DatasetContent['files'] = {
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
    itemTitles: texts.titles.bytes,
    itemTitleOffsets: texts.titles.offsets,
    itemTexts: texts.texts.bytes,
    itemTextOffsets: texts.texts.offsets,
    ...(sequences.labels && { sequenceLabels: sequences.labels }),
  };
  const labels = sequences.labels && countLabels(resolved.label as LabelRule, sequences.labels);
  const manifest = await writeDataset(resolved.output, {
    name: resolved.name,
    counts: {
      users: users.ids.count,
      items: catalogue.ids.count,
      interactions: sequences.items.length,
      itemTokens: texts.tokens.length,
      vocabulary: tokenizer.vocabularySize,
    },
    labels,
    options: describe(resolved, learnt, table, counts, filtered.applied),
    report: reportImport({
      sequenceOffsets: sequences.offsets,
      sequenceItems: sequences.items,
      itemTokenOffsets: texts.offsets,
      itemTokens: texts.tokens,
      vocabulary: tokenizer.vocabularySize,
      unknown: tokenizer.unknown,
      words: learnt && { distinct: learnt.words, once: learnt.wordsOnce },
      cutTexts: texts.cut,
      times: counts.times.kind === 'number' ? counts.times : null,
      labels,
      leftOut:
        rowsOf(counts.badRows.skipped) + rowsOf(filtered.applied.map(({ removed }) => removed)),
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
    filters: filtered.applied,
    unusedItems: perItem.reduce((unused, rows) => unused + (rows === 0 ? 1 : 0), 0),
    cutTexts: texts.cut,
  };
}

const tableFile = (
  path: string,
  format: FileFormat,
  columns: readonly string[] | undefined,
): TableFile => ({ path, format, ...(columns && { columns }) });

/** Applies all filters, the rating's included, which reading has already done. */
function filterInteractions(
  { table, rating, items: { count: items } }: InteractionsSource,
  { lowRated: removed }: InteractionCounts,
  read: Sequences,
  filters: FilterOptions,
): { readonly sequences: Sequences; readonly applied: readonly AppliedFilter[] } {
  const { sequences, applied: later } = filterSequences(read, items, filters);
  const options = { 'min-rating': rating?.least ?? 0 };
  const first: AppliedFilter = { filter: 'min-rating', options, removed };
  const applied = rating === null ? later : [first, ...later];
  if (sequences.items.length > 0) return { sequences, applied };
  throw new DatasetError(
    'NO_INTERACTIONS',
    `Cannot use ${table.path}: no interaction is left: ${applied.map(filterText).join(', ')}`,
    { file: table.path },
  );
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

interface ItemTokens {
  readonly offsets: Uint32Array;
  readonly tokens: Int32Array;
  readonly cut: number;
  readonly titles: KeptTexts;
  readonly texts: KeptTexts;
}

/** How the text is composed that people read. */
const forPeople = { prompt: '', separator: '\n' } as const;

async function tokenizeItems(
  options: ResolvedOptions,
  table: ItemsTable,
  { ids: chosen, renumbered }: Chosen,
  tokenizer: ItemTokenizer,
): Promise<ItemTokens> {
  const { maximumTokens, progress } = options;
  const ends = new GrowableInt32Array();
  ends.push(0);
  const tokens = new GrowableInt32Array();
  const titles = TextKeeper.ofTitles(chosen.count);
  const texts = TextKeeper.ofTexts(chosen.count);
  let cut = 0;
  await table.readTexts((item, values, place, title) => {
    if (renumbered[item]! < 0) return;
    titles.add(title);
    texts.add(composeItemText(forPeople, table.keys, values));
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
  const offsets = Uint32Array.from(ends.take());
  return { offsets, tokens: tokens.take(), cut, titles: titles.take(), texts: texts.take() };
}

/** Without paths: the manifest of the same import is the same on every machine. */
function describe(
  options: ResolvedOptions,
  learnt: LearntTokenizer | null,
  { keys, titleColumn, found: items }: ItemsTable,
  { found: interactions }: InteractionCounts,
  filters: readonly AppliedFilter[],
): Record<string, unknown> {
  const { format, onBadRow, catalogue, columns, prompt, separator, fields } = options;
  return {
    format,
    found: { items, interactions },
    headers: options.headers,
    onBadRow,
    catalogue,
    columns: { ...columns, title: titleColumn },
    filters,
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

const rowsOf = (parts: readonly { readonly rows: number }[]): number =>
  parts.reduce((sum, { rows }) => sum + rows, 0);
