/** From a run's description to what its training thread needs on this machine. */
import { digestIfWeights } from '../../../pretrained/weight-files.js';
import { requireJob } from '../../../process/read-job.js';
import type { Bus } from '../../../shared/bus.js';
import { resolveJob, type TrainingJob } from '../../../shared/job-spec/job-spec.js';
import {
  noneIsPretrained,
  type PretrainedTowers,
} from '../../model/pretrained/pretrained-towers.js';
import { findContent } from '../content-source.js';
import type { PreparedRun, PrepareRequest } from '../shell/worker-parts.js';

export interface PrepareParts {
  readonly bus: Bus;
  readonly cacheDirectory: string;
  /** This worker's own. */
  readonly checkpoints: string;
  /** Memory of its permit to publish. */
  readonly publication: SharedArrayBuffer;
  readonly digestOf: FindDigest;
}

type FindDigest = (path: string, wanted: string) => Promise<string | null>;

/** @throws JobSpecError, JobMismatchError, TransferError, DatasetError */
export async function prepareRun(
  parts: PrepareParts,
  request: PrepareRequest,
  /** Steps of the checkpoint that is to be evaluated, where nothing is trained. */
  evaluatedSteps: (job: TrainingJob) => Promise<number>,
): Promise<PreparedRun> {
  const { bus, cacheDirectory, checkpoints, digestOf, publication } = parts;
  const { description, run, requestFiles } = request;
  const job = resolveJob(description.job);
  requireJob(job, description.jobSha256, 'the run');
  const find = (digest: FindDigest, wanted: { directory: string; digest: string }) =>
    findContent({ bus, run, cacheDirectory, digestOf: digest, requestFiles }, wanted);
  const datasetDirectory = await find(digestOf, description.dataset);
  const pretrained = await findPretrained(job, description.resume, (wanted) =>
    find(digestIfWeights, wanted),
  );
  return {
    job,
    start: {
      ...{ job, datasetDirectory, cacheDirectory, pretrained, publication },
      checkpointDirectory: description.checkpoints ?? checkpoints,
      totalSteps: description.totalSteps ?? (await evaluatedSteps(job)),
      evaluate: description.evaluate,
    },
  };
}

/** A checkpoint, or the weights of another run, hold all that these would give. */
async function findPretrained(
  { spec }: TrainingJob,
  resume: string | null,
  find: (wanted: { directory: string; digest: string }) => Promise<string>,
): Promise<PretrainedTowers> {
  // The newest checkpoint may be none: then the run begins at its seed.
  if ((resume !== null && resume !== 'newest') || spec.init !== undefined) return noneIsPretrained;
  const findTower = async (tower: 'item' | 'user'): Promise<string | null> => {
    const { pretrained } = spec.model[tower];
    if (pretrained === undefined) return null;
    const { path: directory, sha256: digest = '' } = pretrained;
    return find({ directory, digest });
  };
  // One after the other: where both are the same weights, the second finds what the first fetched.
  const item = await findTower('item');
  return { item, user: await findTower('user') };
}
