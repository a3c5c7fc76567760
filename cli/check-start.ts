/** What can be known before the first process of a run is started is known here. */
import { readSequenceOffsets } from '../dataset/dataset.js';
import { trainingOffsets } from '../dataset/training-view.js';
import { requireEngineFile } from '../process/engine-files.js';
import { requireFreePorts } from '../process/free-ports.js';
import { findNatsServer } from '../process/nats/project-nats-server.js';
import type { TrainingJob } from '../shared/job-spec/job-spec.js';
import { stageJobs } from '../shared/job-spec/stage-jobs.js';
import { stagesOf } from '../shared/plan/stages.js';
import {
  countSequences,
  requireSequences,
  sequenceCut,
} from '../shared/plan/training-sequences.js';

export interface StartWish {
  readonly job: TrainingJob;
  readonly datasetDirectory: string;
  readonly workers: number;
  /** The coordinator's; each worker has one of the next. Null takes free ones. */
  readonly metricsPort: number | null;
  /** A server that exists; null starts one of our own. */
  readonly natsUrl: string | null;
}

/**
 * Reads only.
 *
 * @throws EngineUnavailableError, NatsServerMissingError, PortUnavailableError, DatasetError,
 *   EmptyPlanError, JobSpecError
 */
export async function checkStart({
  job,
  datasetDirectory,
  workers,
  metricsPort,
  natsUrl,
}: StartWish): Promise<void> {
  // A coordinator whose workers are elsewhere computes nothing.
  if (workers > 0) requireEngineFile(job.spec.engine.name);
  if (natsUrl === null) findNatsServer();
  if (metricsPort !== null) {
    await requireFreePorts('--metrics-port', { first: metricsPort, count: 1 + workers });
  }
  const dataset = await readSequenceOffsets(datasetDirectory);
  const sequenceOffsets = trainingOffsets(dataset);
  for (const stage of stageJobs(job)) {
    requireSequences(countSequences(sequenceOffsets, sequenceCut(stage)), dataset.users);
  }
  // Epochs become steps here, which the warm-up must not outlast.
  stagesOf(job, { sequenceOffsets });
}
