/** The log of a run that nobody trains: steps of many workers at a steady rate, and all that is told beside them. */

import { phasesInterval } from '../../coordinator/record/phase-sums.js';
import { aRecord } from '../../shared/ledger/ledger-record-fixture.js';
import { linkPeersTold, linksToldInterval } from '../../shared/limits.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';

const phaseSeconds = Object.fromEntries(
  ['plan', 'encode', 'gather', 'users', 'scatter', 'items', 'reduce', 'optimizer'].map((name) => [
    name,
    0.012345,
  ]),
);

export interface SyntheticRun {
  readonly workers: number;
  readonly totalSteps: number;
  readonly stepsPerSecond: number;
}

/** What stands in the log before the first step. */
export function beginning({ totalSteps, workers }: SyntheticRun): Happening[] {
  const members = Array.from({ length: workers }, (_, rank) => ({
    worker: nameOf(rank),
    lanes: 2,
  }));
  return [
    { kind: 'led', coordinator: 'c', totalSteps },
    {
      ...{ kind: 'generation', generation: 1, planned: false, reason: 'the run begins' },
      ...{ writer: null, members, resumedFrom: null },
      position: { committedSteps: 0, collapses: 0, settled: true },
    },
  ];
}

/** What a step adds to it. */
export function entriesOf(run: SyntheticRun, step: number): Happening[] {
  const steps = Math.max(1, Math.round((phasesInterval(run.workers) / 1000) * run.stepsPerSecond));
  const committed = committedEntry(run, step);
  return (step + 1) % steps === 0 ? [committed, phasesEntry(run, step, steps)] : [committed];
}

function committedEntry({ stepsPerSecond, workers }: SyntheticRun, step: number): Happening {
  return {
    ...{ kind: 'committed', generation: 1, seconds: 1 / stepsPerSecond },
    ledger: aRecord({ step }),
    report: {
      ...{ step, stage: null, loss: 4 + Math.sin(step), sequences: workers, itemTokens: 20_000 },
      ...{ distinctItems: 900, itemCosine: 0.2, gradientNorm: 1, learningRate: 0.003 },
      measures: { logit_scale: 2.6, predictions: 900, top1: 0.1, live_negatives: 1680 },
      ...{ phaseSeconds, waitSeconds: 0.01, stateHash: { from: 0, to: 64, value: '0'.repeat(16) } },
    },
  };
}

function phasesEntry(run: SyntheticRun, step: number, steps: number): Happening {
  const { stepsPerSecond, workers } = run;
  const told = Math.round((linksToldInterval / 1000) * stepsPerSecond);
  const hasLinks = (step + 1) % (Math.ceil(told / steps) * steps) === 0;
  const links = {
    ...{ seconds: told / stepsPerSecond, sentBytes: 123_456_789, receivedBytes: 123_456_789 },
    peers: Array.from({ length: Math.min(workers - 1, linkPeersTold) }, (_, rank) => ({
      ...{ rank, sentBytes: 2_345_678, receiveSeconds: 0.123456, waitSeconds: 0.012345 },
    })),
  };
  const members = Array.from({ length: workers }, (_, rank) => ({
    ...{ worker: nameOf(rank), lanes: 2, phaseSeconds, waitSeconds: 0.012345 },
    work: { users: steps, itemTokens: 312 * steps, flops: 1.234567e9 * steps },
    ...(hasLinks && { host: `node-${rank}`, links }),
  }));
  return { kind: 'phases', generation: 1, steps, members };
}

const nameOf = (rank: number): string => `worker-${rank}`;
