import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { absolutePaths } from './job-paths.js';
import { readJobText } from './read-job-text.js';
import { readPretrainedJob } from './read-pretrained-job.js';

export interface JobArgument {
  /** The job's file. */
  readonly subject: string;
  readonly overrides: readonly string[];
  /** A run's folder or a checkpoint whose weights training starts from. */
  readonly initFrom: string | null;
}

/**
 * The job of a command's words, with paths that mean the same to every process.
 *
 * @throws UsageError, JobSpecError, PretrainedError
 */
export async function readJobArgument(given: JobArgument): Promise<TrainingJob> {
  const init = given.initFrom === null ? [] : [`init.from=${JSON.stringify(given.initFrom)}`];
  const overrides = [...given.overrides, ...init];
  const bases = { file: given.subject, overrides, workingDirectory: process.cwd() };
  return absolutePaths(await readPretrainedJob(readJobText(given.subject), bases), bases);
}
