/**
 * Paths of a job. In a file they are relative to the file, on the command line to where it is
 * given; a run's folder keeps them absolute, so that it can be used from anywhere.
 */
import { dirname, resolve } from 'node:path';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';

export interface PathBases {
  /** The job's file. */
  readonly file: string;
  readonly overrides: readonly string[];
  readonly workingDirectory: string;
}

export function absolutePaths(job: TrainingJob, bases: PathBases): TrainingJob {
  const { data, init } = job.spec;
  const absolute = (field: string, path: string): string => resolve(baseOf(field, bases), path);
  return {
    ...job,
    spec: {
      ...job.spec,
      data: data.path === undefined ? data : { ...data, path: absolute('data.path', data.path) },
      init: init && { ...init, from: absolute('init.from', init.from) },
    },
  };
}

function baseOf(field: string, { file, overrides, workingDirectory }: PathBases): string {
  const given = overrides.some((override) => {
    const name = override.slice(0, override.indexOf('=')).trim();
    return name === field || name === `spec.${field}`;
  });
  return given ? workingDirectory : dirname(resolve(workingDirectory, file));
}
