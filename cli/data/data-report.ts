/** What an import or a dataset folder says about itself, for people. */
import type { BadRowReason } from '../../dataset/dataset-error.js';
import type { DatasetManifest, ImportFindings } from '../../dataset/dataset-manifest.js';
import { filterText } from '../../dataset/import/filters/filter-options.js';
import type { ImportReport } from '../../dataset/import/import-dataset.js';
import { defaultTextLength } from '../../shared/job-spec/defaults.js';
import { ownCommand } from '../output/text/own-command.js';
import { printable } from '../output/text/printable.js';

const grouped = new Intl.NumberFormat('en-US');

/** What the folder holds, what its import has found, and its warnings. */
export function datasetText(directory: string, manifest: DatasetManifest): string {
  const { report } = manifest;
  const lines = [countsText(directory, manifest)];
  if (report === undefined) return lines.join('\n');
  const findings = findingsOf(report);
  if (findings.length > 0) lines.push(table(findings));
  return [...lines, ...report.warnings.map(({ message }) => `warning: ${message}`)].join('\n');
}

/** Only what is not as one would expect. */
function findingsOf({ users, interactions, texts, words }: ImportFindings): [string, string][] {
  const rows: (readonly [string, number, string])[] = [
    ['users', users.tooShortToTrain, 'too short to train: fewer than 4 items'],
    ['users', users.tooShortToEvaluate, 'too short to evaluate: fewer than 3 items'],
    ['interactions', interactions.repeated, 'of an item that the user has had before'],
    ['texts', texts.cut, 'cut to the maximum'],
    [
      'texts',
      texts.longer,
      `longer than the ${defaultTextLength} tokens that a job reads by default`,
    ],
    ['texts', texts.unknownAlone, 'of unknown words alone'],
    ['texts', texts.ownAlone, 'share no word with another'],
    ['words', words?.once ?? 0, `of ${grouped.format(words?.distinct ?? 0)} occur once`],
  ];
  const counted = rows
    .filter(([, count]) => count > 0)
    .map(([name, count, what]): [string, string] => [name, `${grouped.format(count)} ${what}`]);
  if (texts.distinct === texts.total) return counted;
  const [items, distinct] = [texts.total, texts.distinct].map((count) => grouped.format(count));
  return [['texts', `${items} items, ${distinct} distinct texts`], ...counted];
}

function countsText(directory: string, manifest: DatasetManifest): string {
  const { users, items, interactions, itemTokens, vocabulary } = manifest.counts;
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  return table([
    ['dataset', manifest.name],
    ['folder', directory],
    ['digest', manifest.digest],
    ['users', grouped.format(users)],
    ['items', grouped.format(items)],
    [
      'interactions',
      `${grouped.format(interactions)} (${(interactions / users).toFixed(1)} a user)`,
    ],
    ...labelRows(manifest),
    ['item tokens', `${grouped.format(itemTokens)} (${(itemTokens / items).toFixed(1)} an item)`],
    ['vocabulary', grouped.format(vocabulary)],
    ['size', `${(bytes / 2 ** 20).toFixed(1)} MiB`],
  ]);
}

function labelRows({ labels }: DatasetManifest): [string, string][] {
  if (labels === undefined) return [];
  const { column, atLeast, wanted, unwanted, unlabelled } = labels;
  const [yes, no, none] = [wanted, unwanted, unlabelled].map((count) => grouped.format(count));
  const rule = atLeast === null ? column : `${column} of at least ${atLeast}`;
  const without = unlabelled === 0 ? '' : `, ${none} without a label`;
  return [['labels', `${yes} wanted (${rule}), ${no} not${without}`]];
}

export function importText(report: ImportReport): string {
  const { unusedItems } = report;
  const lines = [datasetText(report.directory, report.manifest)];
  const notes: [string, string][] = [];
  for (const filter of report.filters) notes.push(['filtered', filterText(filter)]);
  if (unusedItems > 0) notes.push(['items without use', grouped.format(unusedItems)]);
  if (notes.length > 0) lines.push(table(notes));
  return [...lines, ...skippedLines(report)].join('\n');
}

/** The commands that train what an import has made. */
export const trainText = (folder: string): string =>
  [
    'Next:',
    `  ${ownCommand(['init', '--data', folder])}`,
    `  ${ownCommand(['train', 'job.yaml'])}`,
  ].join('\n');

export interface ItemDescription {
  readonly item: string;
  readonly number: number;
  /** Null where the dataset was imported before texts were kept. */
  readonly title: string | null;
  readonly text: string | null;
  readonly tokens: number;
  readonly interactions: number;
}

export function itemText({ text, ...item }: ItemDescription): string {
  const rows = table([
    ['item', `${printable(item.item)} (number ${item.number})`],
    ['title', printable(item.title ?? 'not kept: the dataset is of an older import')],
    ['interactions', grouped.format(item.interactions)],
    ['tokens', grouped.format(item.tokens)],
  ]);
  // Its line breaks are the model's: they stand between its fields.
  const lines = text?.split('\n').map(printable).join('\n');
  return lines === undefined ? rows : `${rows}\n\n${lines}`;
}

/** One line for each file and reason, and the first row below it as an example. */
function skippedLines({ skipped }: ImportReport): string[] {
  return (['items', 'interactions'] as const).flatMap((file) =>
    skipped[file].flatMap(({ reason, rows, first }) => [
      table([[`skipped ${file}`, `${grouped.format(rows)} ${words(reason)}`]]),
      `  the first: ${first}`,
    ]),
  );
}

/** `UNKNOWN_ITEM` as "(unknown item)". */
const words = (reason: BadRowReason): string => `(${reason.toLowerCase().replaceAll('_', ' ')})`;

const table = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, value]) => `${name.padEnd(22)}${value}`).join('\n');
