/**
 * Paths of a job. In a file they are relative to the file, on the command line to where it is
 * given; a run's folder keeps them absolute, so that it can be used from anywhere.
 */
import { dirname, resolve } from 'node:path';
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';

export interface PathBases {
  /** The job's file. */
  readonly file: string;
  readonly overrides: readonly string[];
  readonly workingDirectory: string;
}

/** @param field whose value the path is, without `spec.`. */
export const absolutePath = (field: string, path: string, bases: PathBases): string =>
  resolve(baseOf(field, bases), path);

export function absolutePaths(job: TrainingJob, bases: PathBases): TrainingJob {
  const { data, init, model } = job.spec;
  const absolute = (field: string, path: string): string => absolutePath(field, path, bases);
  const tower = <Section extends TrainingJob['spec']['model']['item']>(
    name: string,
    section: Section,
  ): Section => {
    const { pretrained } = section;
    if (pretrained === undefined) return section;
    const path = absolute(`model.${name}.pretrained.path`, pretrained.path);
    return { ...section, pretrained: { ...pretrained, path } };
  };
  return {
    ...job,
    spec: {
      ...job.spec,
      data: data.path === undefined ? data : { ...data, path: absolute('data.path', data.path) },
      init: init && { ...init, from: absolute('init.from', init.from) },
      model: { ...model, item: tower('item', model.item), user: tower('user', model.user) },
    },
  };
}

function baseOf(field: string, { file, overrides, workingDirectory }: PathBases): string {
  const given = overrides.some((override) => {
    const name = override.slice(0, override.indexOf('=')).trim();
    // Whoever sets a section has written the paths in it too.
    return [field, `spec.${field}`].some((path) => path === name || path.startsWith(`${name}.`));
  });
  return given ? workingDirectory : dirname(resolve(workingDirectory, file));
}
