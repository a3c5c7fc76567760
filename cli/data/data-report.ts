/** What an import or a dataset folder says about itself, for people. */
import type { BadRowReason } from '../../dataset/dataset-error.js';
import type { DatasetManifest } from '../../dataset/dataset-manifest.js';
import type { ImportReport } from '../../dataset/import/import-dataset.js';

const grouped = new Intl.NumberFormat('en-US');

export function datasetText(directory: string, manifest: DatasetManifest): string {
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
    ['item tokens', `${grouped.format(itemTokens)} (${(itemTokens / items).toFixed(1)} an item)`],
    ['vocabulary', grouped.format(vocabulary)],
    ['size', `${(bytes / 2 ** 20).toFixed(1)} MiB`],
  ]);
}

export function importText(report: ImportReport): string {
  const { skipped, cutTexts, unusedItems } = report;
  const lines = [datasetText(report.directory, report.manifest)];
  const notes: [string, string][] = [];
  for (const file of ['items', 'interactions'] as const) {
    for (const [reason, count] of Object.entries(skipped[file])) {
      notes.push([`skipped ${file}`, `${grouped.format(count)} ${words(reason as BadRowReason)}`]);
    }
  }
  if (unusedItems > 0) notes.push(['items without use', grouped.format(unusedItems)]);
  if (cutTexts > 0) notes.push(['texts cut', grouped.format(cutTexts)]);
  if (notes.length > 0) lines.push(table(notes));
  for (const example of skipped.examples) lines.push(`first skipped: ${example}`);
  return lines.join('\n');
}

/** `UNKNOWN_ITEM` as "(unknown item)". */
const words = (reason: BadRowReason): string => `(${reason.toLowerCase().replaceAll('_', ' ')})`;

const table = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, value]) => `${name.padEnd(22)}${value}`).join('\n');
