/** A job with pretrained towers, complete: their shapes, and the digests of their weights. */
import { openPretrained } from '../../../pretrained/open-pretrained.js';
import type { PretrainedConfig } from '../../../pretrained/pretrained-config.js';
import { digestWeights, findWeightFiles } from '../../../pretrained/weight-files.js';
import { JobSpecError } from '../../../shared/errors.js';
import { readJobValue, resolveJob, type TrainingJob } from '../../../shared/job-spec/job-spec.js';
import {
  pretrainedWish,
  type ShapeFields,
  type Tower,
  towers,
  windowProblems,
  withPretrainedFields,
} from '../../../shared/job-spec/rules/pretrained-fields.js';
import { brokenRule } from '../../../shared/job-spec/rules/problems.js';
import { absolutePath, type PathBases } from './job-paths.js';

/**
 * Parses a job whose towers may be pretrained.
 *
 * @throws JobSpecError, PretrainedError
 */
export async function readPretrainedJob(text: string, bases: PathBases): Promise<TrainingJob> {
  const value = readJobValue(text, bases.overrides);
  const configs = {
    item: await configOf(value, 'item', bases),
    user: await configOf(value, 'user', bases),
  };
  const shapes = { item: shapesOf(configs.item), user: shapesOf(configs.user) };
  const job = resolveJob(withPretrainedFields(value, shapes));
  const windows = { item: configs.item?.window ?? null, user: configs.user?.window ?? null };
  const problems = windowProblems(job, windows);
  if (problems.length > 0) throw new JobSpecError(problems);
  return job;
}

async function configOf(
  job: unknown,
  tower: Tower,
  bases: PathBases,
): Promise<PretrainedConfig | null> {
  const wish = pretrainedWish(job, tower);
  if (wish === null) return null;
  const model = await openPretrained(
    absolutePath(`model.${tower}.pretrained.path`, wish.path, bases),
  );
  await model.source.close();
  return model.config;
}

const shapesOf = (config: PretrainedConfig | null): ShapeFields | null =>
  config === null ? null : { ...config.decoder };

/**
 * Finds the digests of the weights, which belong to the job's identity from here on.
 *
 * @throws PretrainedError; JobSpecError where the job says another digest
 */
export async function choosePretrained(job: TrainingJob): Promise<TrainingJob> {
  const digests = new Map<string, Promise<string>>();
  const digestOf = (path: string): Promise<string> => {
    const known = digests.get(path) ?? findWeightFiles(path).then((files) => digestWeights(files));
    digests.set(path, known);
    return known;
  };
  const { model } = job.spec;
  const chosen = { item: model.item, user: model.user };
  for (const tower of towers) {
    const { pretrained } = chosen[tower];
    if (pretrained === undefined) continue;
    const sha256 = await digestOf(pretrained.path);
    if (pretrained.sha256 !== undefined && pretrained.sha256 !== sha256) {
      const rule = `the digest of the weights in ${pretrained.path}, ${sha256}`;
      const path = `spec.model.${tower}.pretrained.sha256`;
      throw new JobSpecError([brokenRule(path, rule, pretrained.sha256)]);
    }
    chosen[tower] = { ...chosen[tower], pretrained: { ...pretrained, sha256 } };
  }
  return { ...job, spec: { ...job.spec, model: { ...model, ...chosen } } };
}
