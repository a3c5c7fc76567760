/** For tests: plans of steps that hold nothing, and what members report of them. */
import { lane, step } from '../shared/ids.js';
import type { FromWorker, ReportedStep } from '../shared/messages/messages.js';
import { type EncodedPlan, encodeStepPlan } from '../shared/messages/step-plan-message.js';
import type { PlanSource } from './plan-source.js';

export function emptyPlan(at: number, lanes = 2): EncodedPlan {
  return encodeStepPlan(
    {
      step: step(at),
      lanes,
      itemLaneOffsets: new Int32Array(lanes + 1),
      negatives: new Int32Array(),
    },
    Array.from({ length: lanes }, (_, of) => ({
      step: step(at),
      lane: lane(of),
      lanes,
      items: new Int32Array(),
      users: new Int32Array(),
      sequenceOffsets: new Int32Array(1),
      sequenceRows: new Int32Array(),
      lossScale: 0,
    })),
  );
}

export const emptyPlans: PlanSource = {
  plan: async (at) => emptyPlan(at),
  close: async () => undefined,
};

export const report = (at: number, loss = 0.5): ReportedStep => ({
  step: at,
  loss,
  sequences: 1,
  predictions: 1,
  itemTokens: 1,
  distinctItems: 1,
  top1: 0,
  liveNegatives: 1,
  leastLiveNegatives: 1,
  gradientNorm: 1,
  learningRate: 1,
  logitScale: 1,
  phaseSeconds: {},
  waitSeconds: 0,
});

export const committed = (at: number, loss?: number): FromWorker => ({
  kind: 'committed',
  report: report(at, loss),
  planSha256: emptyPlan(at).shared.sha256,
});
