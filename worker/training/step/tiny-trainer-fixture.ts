/** A trainer of a tiny model on one lane, for tests of single steps. */
import { systemClock } from '../../../shared/clock.js';
import { javascriptArithmetic } from '../../arithmetic/javascript-arithmetic.js';
import type { Exchange } from '../../collective/exchange.js';
import type { Hllm } from '../../model/hllm.js';
import { Trainer, type TrainerParts } from './trainer.js';

/** @param flat the model's parameters; training moves them */
export function openTinyTrainer(
  model: Hllm,
  flat: Float32Array,
  exchange: Exchange,
  parts: Pick<TrainerParts, 'whole'> = {},
): Trainer {
  // Tests change the weights of a model that has loaded them.
  model.load(flat);
  return new Trainer({
    model,
    exchange,
    arithmetic: javascriptArithmetic,
    clock: systemClock,
    optimizer: {
      learningRate: 1e-3,
      schedule: { kind: 'constant', warmupSteps: 0, totalSteps: 9, finalFraction: 1 },
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      weightDecay: 0.01,
      clipGradNorm: 1,
    },
    state: {
      parameters: flat,
      firstMoments: new Float32Array(model.layout.trainedLength),
      secondMoments: new Float32Array(model.layout.trainedLength),
    },
    committedSteps: 0,
    ...parts,
  });
}
