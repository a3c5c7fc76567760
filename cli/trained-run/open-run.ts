/** Opens what a run has trained, in this process, for a command that asks it something. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Dataset, openDataset } from '../../dataset/dataset.js';
import { openItemTexts } from '../../dataset/item-texts.js';
import { requireEngineFile } from '../../process/engine-files.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import { isBucket, within } from '../../storage/location.js';
import type { CheckpointWish } from '../../worker/inference/open-checkpoint.js';
import { openTrainedModel, type TrainedModel } from '../../worker/inference/trained-model.js';
import { datasetFolder } from '../dataset-folder.js';
import { jobFileOf, readJob } from '../train/output-folder.js';
import { readRunRecord } from '../train/run-record.js';
import { UsageError } from '../usage-error.js';
import type { ItemNames } from './find-item.js';
import { locateRun } from './locate-run.js';
import type { Stages } from './with-stages.js';

export interface RunWish {
  /** A run's folder, or one checkpoint in it. */
  readonly run: string;
  /** `newest`, `best`, a name in the run's `checkpoints/`, or a path; null is the newest. */
  readonly checkpoint: string | null;
  /** What the command does to the run, as in "Cannot export". */
  readonly doing: string;
}

export interface OpenRun {
  readonly job: TrainingJob;
  /** Null where the run's folder does not say. */
  readonly runId: string | null;
  readonly dataset: Dataset;
  readonly names: ItemNames;
  /**
   * Loads the weights, which take longer: what is wrong with a question is said before.
   *
   * @param computes whether the model is to compute; else its weights are read only
   */
  load(computes?: boolean): Promise<TrainedModel>;
}

/**
 * @param note hears what the user should know
 * @throws UsageError, JobSpecError, DatasetError, EngineUnavailableError; `load` CheckpointError
 */
export async function openRun(wish: RunWish, { progress, note }: Stages): Promise<OpenRun> {
  const { output, checkpoint, checkpoints } = wishedCheckpoint(wish);
  const job = readJob(jobFileOf(output));
  requireEngineFile(job.spec.engine.name);
  const record = readRunRecord(output);
  const path = record?.datasetPath ?? null;
  const moved = path === null ? null : resolve(output, path);
  const dataset = await openDataset(await datasetFolder(job, note, moved), {
    verify: 'remembered',
    labels: readsLabels(job),
  });
  const texts = await openItemTexts(dataset);
  if (texts === null) note('the dataset keeps no titles: it was imported before they were kept');
  return {
    job,
    runId: record?.id ?? null,
    dataset,
    names: { ids: dataset.itemIds, title: texts?.title ?? null },
    load: async (computes = true) => {
      progress('load the model', 0);
      const trained = await openTrainedModel({
        ...{ job, dataset, checkpoints, checkpoint, computes, note },
      });
      progress('load the model', 1);
      return trained;
    },
  };
}

/** Which weights have answered, for machines. */
export const answeredBy = ({ checkpoint: { path, manifest } }: TrainedModel) => ({
  checkpoint: path,
  weightsSha256: manifest.weightsSha256,
});

function wishedCheckpoint({ run, checkpoint: asked, doing }: RunWish): {
  readonly output: string;
  readonly checkpoints: string;
  readonly checkpoint: CheckpointWish;
} {
  const { output, checkpoint: named, checkpoints } = locateRun(run, doing);
  const wished = (checkpoint: CheckpointWish) => ({ output, checkpoints, checkpoint });
  if (named !== null && asked !== null) {
    throw new UsageError(
      `Cannot ${doing} "${run}": it is a checkpoint itself, and --checkpoint names one too: only one may`,
    );
  }
  if (named !== null) return wished({ kind: 'one', path: named });
  if (asked === null || asked === 'newest') return wished({ kind: 'newest' });
  if (asked === 'best') return wished({ kind: 'best' });
  const places = [within(checkpoints, asked), resolve(asked)];
  const path = places.find((place) => isBucket(place) || existsSync(join(place, 'manifest.json')));
  if (path !== undefined) return wished({ kind: 'one', path });
  throw new UsageError(
    `Cannot ${doing} the checkpoint "${asked}": there is none: it must be newest, best, or one of ${checkpoints}`,
  );
}
