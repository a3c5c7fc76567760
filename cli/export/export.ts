/** `lockstep export`: what a run has trained, as a folder for other programs. */
import { join, resolve } from 'node:path';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { sizeText } from '../../storage/storage-error.js';
import {
  type ExportedFile,
  needsModel,
  requireNewExport,
  writeExport,
} from '../../worker/inference/export/write-export.js';
import { exportHelp } from '../help.js';
import { sayFinished } from '../output/json-line.js';
import { aligned } from '../output/text/aligned.js';
import { answeredBy, openRun } from '../trained-run/open-run.js';
import { openRunCatalogue } from '../trained-run/open-run-catalogue.js';
import { withStages } from '../trained-run/with-stages.js';
import { type ExportArguments, readExportArguments } from './export-arguments.js';

/** @throws UsageError, JobSpecError, DatasetError, CheckpointError, OutputExistsError, StorageError */
export async function exportCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readExportArguments(words);
  if (given === null) process.stdout.write(`${exportHelp}\n`);
  else await exportRun(given);
  return exitCodes.success;
}

async function exportRun({ run, checkpoint, output, parts, json }: ExportArguments): Promise<void> {
  const { directory, files, answered } = await withStages(json, async (stages) => {
    const { job, names, runId, load } = await openRun({ run, checkpoint, doing: 'export' }, stages);
    const directory = resolve(output ?? join('exports', job.metadata.name));
    await requireNewExport(directory);
    const trained = await load(needsModel(parts));
    const files = await writeExport(trained, {
      ...{ parts, directory, title: names.title, run: runId },
      openCatalogue: () => openRunCatalogue(trained, stages),
      onProgress: stages.progress,
    });
    return { directory, files, answered: answeredBy(trained) };
  });
  if (json) sayFinished({ directory, ...answered, files });
  else process.stdout.write(`${filesText(directory, files)}\n`);
}

const filesText = (directory: string, files: readonly ExportedFile[]): string =>
  [
    `exported to ${directory}`,
    ...aligned(files.map(({ name, bytes }) => [name, sizeText(bytes)])),
    'manifest.json says what each file is and where it comes from',
  ].join('\n');
