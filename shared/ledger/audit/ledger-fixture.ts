/** For tests: the ledger that a run of a job over a small dataset leaves. */
import { step } from '../../ids.js';
import { jobDigest } from '../../job-spec/job-digest.js';
import { resolveJob, type TrainingJob } from '../../job-spec/job-spec.js';
import { encodeStepPlan } from '../../messages/step-plan-message.js';
import { JobPlanner } from '../../plan/job-planner.js';
import { laneParts, sharedPart } from '../../plan/plan.js';
import { planDataset } from '../../plan/plan-fixture.js';
import { stagesOf } from '../../plan/stages.js';
import { usersDigest } from '../lane-users.js';
import { accountOf } from '../lanes-account.js';
import { type LedgerLine, ledgerVersion } from '../ledger-line.js';
import { recordStep } from '../record-step.js';
import type { AuditExpectation, RecomputedPlan } from './ledger-audit.js';

const time = '2026-01-02T03:04:05.678Z';

export const runId = 't0123456789abcdef';

/** Two stages of three epochs in all; a user with one item, and one with three windows. */
export const auditedJob = (): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'audited' },
    spec: {
      data: { dataset: 'movielens-100k', sequences: { maxLength: 4 } },
      batch: { sequences: 3 },
      objective: { negatives: { total: 4 } },
      lanes: 2,
      stages: [
        { name: 'first', duration: { epochs: 2 } },
        { name: 'second', duration: { epochs: 1 }, data: { sequences: { longer: 'last' } } },
      ],
    },
  });

export const auditedDataset = planDataset([5, 1, 4, 12, 3, 6, 2, 5], 30);

export function planOf(planner: JobPlanner, at: number): RecomputedPlan & { epoch: number } {
  const plan = planner.plan(step(at));
  const lanes = laneParts(plan);
  const { sha256 } = encodeStepPlan(sharedPart(plan), lanes).shared;
  return { sha256, lanes: lanes.map(({ users }) => users), epoch: plan.epoch };
}

export function expectation(recompute = true): AuditExpectation {
  const job = auditedJob();
  const planner = new JobPlanner(job, auditedDataset);
  return {
    owner: { run: runId, job_sha256: jobDigest(job) },
    lanes: job.spec.lanes,
    stages: stagesOf(job, auditedDataset),
    sequenceOffsets: auditedDataset.sequenceOffsets,
    planOf: recompute ? (at) => planOf(planner, at) : null,
    hashOf: 1,
  };
}

export const begins = (): LedgerLine => ({
  ...{ kind: 'ledger', schema_version: ledgerVersion, time, run: runId },
  ...{ job: 'audited', job_sha256: jobDigest(auditedJob()) },
});

/** Of the steps in [from, to), trained by so many members. */
export function stepLines(from: number, to: number, members = 2): LedgerLine[] {
  const planner = new JobPlanner(auditedJob(), auditedDataset);
  return Array.from({ length: to - from }, (_, index) => {
    const at = from + index;
    const plan = planOf(planner, at);
    const names = Array.from({ length: members }, (_, rank) => `worker-${rank}`);
    const lanes = plan.lanes.map((users) => ({ users: users.length, digest: usersDigest(users) }));
    const stateHash = { from: 0, to: 64, value: at.toString(16).padStart(16, '0') };
    const each = 2 / Math.min(2, members);
    const recording = recordStep({
      step: at,
      plan: { epoch: plan.epoch, lanes: plan.lanes },
      planSha256: plan.sha256,
      generation: {
        generation: members,
        fence: 0,
        members: names.map((worker, rank) => ({
          worker,
          lanes: rank < 2 ? each : 0,
        })),
      },
      reports: names.map((worker, rank) => ({
        worker,
        lanes: accountOf(lanes, { start: rank * each, end: Math.min(2, (rank + 1) * each) }),
        report: { stateHash },
      })),
      time,
    });
    if (recording.kind === 'difference') throw recording.error;
    return { kind: 'step', record: recording.record };
  });
}

export const resumed = (committed_steps: number): LedgerLine => ({
  kind: 'resumed',
  time,
  committed_steps,
});
