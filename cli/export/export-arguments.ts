/** The words of `lockstep export`, as one complete type. */
import { parseArgs } from 'node:util';
import { type ExportPart, exportParts } from '../../worker/inference/export/write-export.js';
import { UsageError } from '../usage-error.js';

export interface ExportArguments {
  readonly run: string;
  /** Null is `exports/NAME` of the job. */
  readonly output: string | null;
  readonly checkpoint: string | null;
  readonly parts: readonly ExportPart[];
  readonly json: boolean;
}

/** Users are as many as there are, and their predictions age with every interaction. */
const usualParts = exportParts.filter((part) => part !== 'users');

export const exportOptions = {
  output: { type: 'string' },
  parts: { type: 'string' },
  checkpoint: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Null where help was asked for. @throws UsageError */
export function readExportArguments(words: readonly string[]): ExportArguments | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  const [run, ...others] = positionals;
  if (run === undefined || others.length > 0) {
    throw new UsageError(
      'Cannot run "lockstep export": the FOLDER of a run must be named, once: it got ' +
        `${positionals.length} names (see "lockstep export --help")`,
    );
  }
  return {
    run,
    output: values.output ?? null,
    checkpoint: values.checkpoint ?? null,
    parts: values.parts === undefined ? usualParts : readParts(values.parts),
    json: values.json === true,
  };
}

/** In the order in which they are written, whatever the one given. */
function readParts(text: string): ExportPart[] {
  const given = text.split(',').map((part) => part.trim());
  const unknown = given.find((part) => !exportParts.some((known) => known === part));
  if (unknown !== undefined) {
    throw new UsageError(
      `--parts must be some of ${exportParts.join(',')} with commas between them: it has "${unknown}"`,
    );
  }
  return exportParts.filter((part) => given.includes(part));
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: exportOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep export --help")`, { cause });
  }
}
