/** `lockstep init`: writes a commented job for a dataset, and says how to train it. */
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { builtInDatasets } from '../dataset/built-in/built-in-datasets.js';
import { readManifest } from '../dataset/dataset-manifest.js';
import { type ExitCode, exitCodes } from '../shared/exit-codes.js';
import { jobTemplate, type TemplateData } from '../shared/job-spec/text/template.js';
import { initHelp } from './help.js';
import { sayFinished } from './output/json-line.js';
import { ownCommand } from './output/text/own-command.js';
import { UsageError } from './usage-error.js';

/** @throws UsageError, JobSpecError, DatasetError before anything is written. */
export async function initCommand(words: readonly string[]): Promise<ExitCode> {
  const given = parsed(words);
  if (given.help) {
    process.stdout.write(`${initHelp}\n`);
    return exitCodes.success;
  }
  const file = resolve(given.file);
  const data = await dataOf(given, file);
  const source = 'dataset' in data ? data.dataset : basename(resolve(given.data ?? ''));
  const text = jobTemplate(given.name ?? jobName(source), data);
  if (existsSync(file)) {
    throw new UsageError(`Cannot write the job: "${given.file}" exists: name another file`);
  }
  writeFileSync(file, text, { flag: 'wx' });
  const next = ownCommand(['train', given.file]);
  if (given.json) sayFinished({ file, data: source, next });
  else process.stdout.write(`${given.file} trains on ${source}. Next:\n  ${next}\n`);
  return exitCodes.success;
}

interface InitArguments {
  readonly help: boolean;
  readonly file: string;
  readonly data: string | undefined;
  readonly dataset: string | undefined;
  readonly name: string | undefined;
  readonly json: boolean;
}

export const initOptions = {
  data: { type: 'string' },
  dataset: { type: 'string' },
  name: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parsed(words: readonly string[]): InitArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: initOptions,
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new Error(`it got ${positionals.length} files, at most one`);
    const { data, dataset, name } = values;
    const json = values.json === true;
    const file = positionals[0] ?? 'job.yaml';
    return { help: values.help === true, file, data, dataset, name, json };
  } catch (cause) {
    throw new UsageError(`Cannot run "lockstep init": ${(cause as Error).message}`, { cause });
  }
}

/** The folder as the job's file will name it: from its own place. */
async function dataOf({ data, dataset }: InitArguments, file: string): Promise<TemplateData> {
  if ((data === undefined) === (dataset === undefined)) {
    throw new UsageError(
      'Cannot run "lockstep init": give --data FOLDER, as "lockstep data import" writes one, or ' +
        `--dataset NAME, one of ${builtInDatasets.join(', ')}`,
    );
  }
  if (dataset !== undefined) {
    if (builtInDatasets.includes(dataset)) return { dataset };
    throw new UsageError(
      `--dataset must be one of ${builtInDatasets.join(', ')}: current value is "${dataset}"`,
    );
  }
  const folder = resolve(data as string);
  await readManifest(folder);
  return { path: relative(dirname(file), folder) || '.' };
}

/** As `metadata.name` must be. */
export function jobName(source: string): string {
  const name = source
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'job' : name;
}
