/**
 * What a training is measured by at its end, and the only time that the test split is looked at:
 * the newest weights, and the best checkpoint where the job keeps one.
 */
import type { Step } from '../../shared/ids.js';
import type { CheckpointExpectation } from '../checkpoint/checkpoint-folder.js';
import { readCheckpoint } from '../checkpoint/read-checkpoint.js';
import type { Exchange } from '../collective/exchange.js';
import type { Hllm } from '../model/hllm.js';
import { HostState } from '../state/host-state.js';
import type { SplitMetrics } from '../training/messages.js';
import type { BestSoFar } from './best-so-far.js';
import type { Evaluator } from './evaluate.js';

/** A checkpoint that stays because its validation was the best. */
export interface KeptCheckpoint extends BestSoFar {
  /** Its folder. */
  readonly checkpoint: string;
}

export interface FinalParts {
  readonly evaluator: Evaluator;
  readonly exchange: Exchange;
  /** Holds the newest weights. */
  readonly model: Hllm;
  readonly state: HostState;
  readonly digests: CheckpointExpectation;
  /** Committed steps of the newest weights. */
  readonly step: Step;
  /** Rows of the validation split that the newest weights have already; null where they have none. */
  readonly validated: readonly SplitMetrics[] | null;
  readonly best: KeptCheckpoint | null;
}

/**
 * The same on every member. The model holds the best weights afterwards, and the state its moments:
 * training is over.
 *
 * @throws CheckpointError where the best checkpoint cannot be read.
 */
export async function finalEvaluation(parts: FinalParts): Promise<SplitMetrics[]> {
  const { best, step } = parts;
  const newest = await evaluateNewest(parts);
  if (best === null) return newest;
  const ofBest = best.committedSteps === step ? newest : await evaluateBest(parts, best);
  const rows = ofBest.filter(({ model }) => model === 'hllm');
  return [...newest, ...rows.map((row) => ({ ...row, model: 'best' as const }))];
}

async function evaluateNewest({ evaluator, step, validated }: FinalParts): Promise<SplitMetrics[]> {
  if (validated === null) {
    return evaluator.evaluate({ splits: ['validation', 'test'], step, name: 'evaluate' });
  }
  return [
    ...validated,
    ...(await evaluator.evaluate({ splits: ['test'], step, name: 'evaluate' })),
  ];
}

async function evaluateBest(parts: FinalParts, best: KeptCheckpoint): Promise<SplitMetrics[]> {
  const { evaluator, model, step } = parts;
  model.load(await bestParameters(parts, best));
  return evaluator.evaluate({ splits: ['validation', 'test'], step, name: 'best' });
}

/** Rank 0 wrote the checkpoint and reads it; the others' disks may never have seen it. */
async function bestParameters(
  { exchange, state, digests, step }: FinalParts,
  { checkpoint }: KeptCheckpoint,
): Promise<Float32Array> {
  const { layout, firstMoments, secondMoments } = state;
  const parameters = new Float32Array(new SharedArrayBuffer(layout.length * 4));
  if (exchange.rank === 0) {
    const loaded = new HostState(layout, { parameters, firstMoments, secondMoments });
    await readCheckpoint(checkpoint, digests, loaded);
  }
  const parts = Array.from({ length: exchange.size }, () => parameters.subarray(0, 0));
  parts[0] = parameters;
  await exchange.allGather({ step, phase: 'best-weights', part: 0 }, parts);
  return parameters;
}
