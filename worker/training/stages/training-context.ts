/** What a training has for as long as it lasts, whichever stage or generation it is in. */
import type { Dataset } from '../../../dataset/dataset.js';
import type { Stage } from '../../../shared/plan/stages.js';
import type { Arithmetic } from '../../arithmetic/arithmetic.js';
import type { Activity } from '../../engine/activity.js';
import type { Cancellation } from '../../engine/cancellation.js';
import type { Engine } from '../../engine/engine.js';
import type { Fact, TrainingStart } from '../messages.js';

export interface TrainingContext {
  readonly start: TrainingStart;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly arithmetic: Arithmetic;
  readonly cancellation: Cancellation;
  readonly activity: Activity;
  readonly stages: readonly Stage[];
  readonly digests: { readonly jobDigest: string; readonly datasetDigest: string };
  /** In the name of the generation that this member is in. */
  readonly tell: (fact: Fact) => void;
  /** As `tell`, by one member of all: the others would say the same. */
  readonly tellForAll: (fact: Fact) => void;
  /** Awaited where computing has kept the thread deaf. What it throws ends an evaluation. */
  readonly pause: () => Promise<void>;
}
