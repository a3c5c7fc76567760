/** For tests: a run, its reports, and plans without users. */
import { jobId, lane, runId, step } from '../shared/ids.js';
import { nothingTrained } from '../shared/ledger/ledger-record-fixture.js';
import type { ReportedStep } from '../shared/messages/report-fields.js';
import { encodeStepPlan } from '../shared/messages/step-plan-message.js';
import type { PlannedStep, PlanSource } from './plans/plan-source.js';

export const run = { job: jobId('test'), run: runId('t0123456789abcdef') };

/** Lets everything that is queued on the bus arrive. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function emptyPlan(at: number, lanes = 2): PlannedStep {
  const encoded = encodeStepPlan(
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
      targets: null,
    })),
  );
  const users = { epoch: 0, lanes: Array.from({ length: lanes }, () => new Int32Array()) };
  return { ...encoded, users };
}

export const emptyPlans: PlanSource = {
  plan: async (at) => emptyPlan(at),
  close: async () => undefined,
};

export const report = (at: number, loss = 0.5): ReportedStep => ({
  step: at,
  loss,
  sequences: 1,
  itemTokens: 1,
  distinctItems: 1,
  measures: {
    predictions: 1,
    top1: 0,
    live_negatives: 1,
    least_live_negatives: 1,
    logit_scale: 1,
  },
  stage: null,
  itemCosine: 0.25,
  gradientNorm: 1,
  learningRate: 1,
  phaseSeconds: {},
  waitSeconds: 0,
  ...nothingTrained,
});
