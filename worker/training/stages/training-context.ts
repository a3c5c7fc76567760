/** What a training has for as long as it lasts, whichever stage it is in. */
import type { Dataset } from '../../../dataset/dataset.js';
import type { Stage } from '../../../shared/plan/stages.js';
import type { Exchange } from '../../collective/exchange.js';
import type { Engine } from '../../engine/engine.js';
import type { FromTraining, TrainingStart } from '../messages.js';

export interface TrainingContext {
  readonly start: TrainingStart;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly exchange: Exchange;
  readonly stages: readonly Stage[];
  readonly digests: { readonly jobDigest: string; readonly datasetDigest: string };
  readonly tell: (message: FromTraining) => void;
  /** Awaited where computing has kept the thread deaf. What it throws ends an evaluation. */
  readonly pause: () => Promise<void>;
}
