/** `lockstep data`: fetch, import and show datasets. */
import { resolve } from 'node:path';
import {
  buildDataset,
  builtInDatasets,
  ensureDataset,
} from '../../dataset/built-in/built-in-datasets.js';
import { dataRootFor } from '../../dataset/built-in/data-root.js';
import { openDataset } from '../../dataset/dataset.js';
import type { DatasetManifest } from '../../dataset/dataset-manifest.js';
import { importDataset } from '../../dataset/import/import-dataset.js';
import type { ImportOptions } from '../../dataset/import/import-options.js';
import { openItemTexts } from '../../dataset/item-texts.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { openStageProgress, type StageProgress } from '../output/display/stage-progress.js';
import { sayFinished } from '../output/json-line.js';
import { UsageError } from '../usage-error.js';
import { readDataArguments } from './data-arguments.js';
import { dataHelp } from './data-help.js';
import { datasetText, importText, itemText, trainText } from './data-report.js';

/** @throws DatasetError, UsageError */
export async function dataCommand(argv: readonly string[]): Promise<ExitCode> {
  await run(argv);
  return exitCodes.success;
}

async function run(argv: readonly string[]): Promise<void> {
  const given = readDataArguments(argv);
  switch (given.kind) {
    case 'help':
      process.stdout.write(`${dataHelp}\n`);
      return;
    case 'fetch':
      return fetchDataset(given.name, given.output, given.json);
    case 'import':
      return importFiles(given.options, given.json);
    case 'show':
      return given.item === null
        ? show(given.directory, given.json)
        : showItem(given.directory, given.item, given.json);
  }
}

async function fetchDataset(name: string, output: string | null, json: boolean): Promise<void> {
  if (!builtInDatasets.includes(name)) {
    throw new UsageError(
      `Cannot fetch "${name}": it must be a built-in dataset: ${builtInDatasets.join(', ')}`,
    );
  }
  const dataRoot = await dataRootFor(name);
  const directory = await withProgress(json, (progress) =>
    output === null
      ? ensureDataset(name, dataRoot, { progress: progress.update })
      : buildDataset(name, resolve(output), progress.update),
  );
  await show(directory, json);
}

async function importFiles(options: ImportOptions, json: boolean): Promise<void> {
  const report = await withProgress(json, (progress) =>
    importDataset({ ...options, progress: progress.update }),
  );
  if (json) {
    const { directory, manifest, ...rest } = report;
    sayFinished({ ...resultOf(directory, manifest), ...rest });
  } else {
    process.stdout.write(`${importText(report)}\n${trainText(options.output)}\n`);
  }
}

async function show(directory: string, json: boolean): Promise<void> {
  const { directory: folder, manifest } = await openDataset(directory);
  if (json) sayFinished({ ...resultOf(folder, manifest), options: manifest.options });
  else process.stdout.write(`${datasetText(folder, manifest)}\n`);
}

/** What the dataset knows of one item, by its id. */
async function showItem(directory: string, id: string, json: boolean): Promise<void> {
  const dataset = await openDataset(directory);
  const item = dataset.itemIds.numberOf(id);
  if (item < 0) {
    throw new UsageError(
      `Cannot show the item "${id}": the dataset has none of that id: it should be one of its ${dataset.items}`,
    );
  }
  const texts = await openItemTexts(dataset);
  const { itemTokenOffsets: ends, sequenceItems } = dataset;
  const description = {
    item: id,
    number: item,
    title: texts?.title(item) ?? null,
    text: texts?.text(item) ?? null,
    tokens: ends[item + 1]! - ends[item]!,
    interactions: sequenceItems.reduce((sum, other) => (other === item ? sum + 1 : sum), 0),
  };
  if (json) sayFinished(description);
  else process.stdout.write(`${itemText(description)}\n`);
}

const resultOf = (
  directory: string,
  { name, digest, counts, labels, report }: DatasetManifest,
): object => ({
  directory,
  name,
  digest,
  counts,
  labels: labels ?? null,
  report: report ?? null,
});

async function withProgress<Result>(
  json: boolean,
  work: (progress: StageProgress) => Promise<Result>,
): Promise<Result> {
  const progress = openStageProgress(json ? process.stdout : process.stderr, json, () =>
    performance.now(),
  );
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}
