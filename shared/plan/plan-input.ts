/** What a plan is computed from: the parts of a job and of a dataset that it depends on. */

import type { TrainingJob } from '../job-spec/job-spec.js';
import type { FusionObjective } from '../job-spec/sections/objective.js';

/** A job, or as much of one as a plan depends on. The number of workers is not among it. */
export interface PlanInput {
  readonly spec: {
    readonly seed: number;
    readonly lanes: number;
    readonly data: { readonly sequences: TrainingJob['spec']['data']['sequences'] };
    readonly model: Pick<TrainingJob['spec']['model'], 'maxTextLength'>;
    readonly batch: TrainingJob['spec']['batch'];
    readonly objective: PlanObjective;
  };
}

export interface PlanObjective
  extends Pick<TrainingJob['spec']['objective'], 'negatives' | 'normalisation'> {
  /** Left out by an objective that has none. */
  readonly targets?: FusionObjective['targets'];
}

/** The label of an interaction of which nobody knows whether it was wanted; 0 and 1 are labels. */
export const unlabelled = 255;

/** The training part of a dataset: without the two interactions of each user that are held out. */
export interface PlanDataset {
  readonly digest: string;
  /** User u's items are sequenceItems[offsets[u]..offsets[u+1]). [users+1] */
  readonly sequenceOffsets: Uint32Array;
  /** Catalogue ids in the order of time. */
  readonly sequenceItems: Int32Array;
  /** 0, 1 or `unlabelled` for each of `sequenceItems`; null in a dataset without labels. */
  readonly sequenceLabels: Uint8Array | null;
  /** Item i's text is itemTokens[offsets[i]..offsets[i+1]). [items+1] */
  readonly itemTokenOffsets: Uint32Array;
  readonly itemTokens: Int32Array;
}
