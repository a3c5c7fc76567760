/** How far a job is that neither rests nor has ended: one word, its reason, and the numbers for its status. */

import type { JobReport } from '../../../shared/messages/job-report.js';
import {
  type JobState,
  recoveryWorkersMax,
  type TrainingJobStatus,
} from '../../crd/status-schema.js';
import type { Component } from '../../names.js';
import type { Children, Memory, ReceivedReport, WallTime } from '../reconcile/seen.js';
import type { Claims } from './conditions.js';
import { type PodsWanted, problemIn, problemsOf } from './pod-problems.js';
import { isRunning, podsOf } from './pods.js';
import { readTime, sooner } from './times.js';

/** Coordinators report every five seconds; after six missed ones nobody knows how the run is. */
export const reportAge = 30_000;

export interface Judged {
  readonly state: JobState;
  readonly message: string;
  readonly claims: Claims;
}

export interface ProgressSeen {
  readonly children: Children;
  readonly report: ReceivedReport | null;
  readonly memory: Memory;
  readonly before: TrainingJobStatus | undefined;
  readonly replicas: number;
  /** With fewer nobody trains. */
  readonly min: number;
  readonly now: WallTime;
}

export function judgeProgress(seen: ProgressSeen): Judged {
  const { report, now } = seen;
  const startedAt = readTime(seen.before?.startTime);
  // One from before a suspension says nothing about the pods that are there now.
  const isOfNow = report !== null && startedAt !== null && report.at >= startedAt;
  return isOfNow && now - report.at < reportAge
    ? byReport(seen, report.report)
    : withoutReport(seen);
}

function byReport(seen: ProgressSeen, report: JobReport): Judged {
  const problems = problemsOfPods(seen);
  const { length } = report.members;
  switch (report.phase) {
    case 'starting':
      return beginning(seen, firstOf(problems, report.reason, 'the run begins'));
    case 'paused':
      return notRunning('Paused', 'Paused', [report.reason, problems].filter(Boolean).join('; '));
    case 'finished':
    case 'failed':
      // What it came to is said by the exit code.
      return { state: seen.before?.state ?? 'Running', message: 'the run has ended', claims: {} };
    default: {
      if (length >= seen.replicas)
        return running('Running', length, seen.replicas, straggler(report));
      return running('Degraded', length, seen.replicas, problems);
    }
  }
}

/** The run was under way at the last look; what comes before or in between begins anew. */
const trainingStates: readonly string[] = ['Running', 'Degraded', 'Paused'];

/** Nothing was heard: either there is nobody yet, or there was and he is silent. */
function withoutReport(seen: ProgressSeen): Judged {
  const { before, children, memory, now, report } = seen;
  const isLed = podsOf('coordinator', children.pods).some(isRunning);
  const hasTrained = before?.startTime !== undefined && trainingStates.includes(before.state ?? '');
  // A new controller is told within seconds: until then the last one's word holds.
  if (hasTrained && isLed && report === null && now - memory.leadsSince < reportAge) {
    const { state = 'Running', message = '' } = before ?? {};
    return { state, message, claims: {} };
  }
  const problems = problemsOfPods(seen);
  if (hasTrained) {
    const silent = `nothing was heard from the coordinator for ${reportAge / 1000} s`;
    const away = firstOf(
      problems,
      isLed ? silent : 'the coordinator is away: a new one is coming',
      '',
    );
    return notRunning('Paused', isLed ? 'CoordinatorSilent' : 'CoordinatorAway', away);
  }
  if (isLed) {
    return beginning(seen, firstOf(problems, 'the coordinator runs and has not reported yet'));
  }
  return notRunning(
    'Pending',
    'WaitingForPods',
    firstOf(problems, memory.problem, 'pods are made'),
  );
}

/** Nobody has trained yet: the run begins, or waits for pods that find no place. */
function beginning({ children, min, now }: ProgressSeen, message: string): Judged {
  const workers = podsOf('worker', children.pods);
  const waits = problemsOf(wantedOf('worker', children), now) !== null;
  return waits && workers.filter(isRunning).length < min
    ? notRunning('Pending', 'WaitingForPods', message)
    : notRunning('Starting', 'Starting', message);
}

const wantedOf = (kind: Component, children: Children): PodsWanted => ({
  kind,
  job: children[kind],
  pods: children.pods,
});

/** Milliseconds until pods that are not made, or do not start, are told of; null where there are no such. */
export const podProblemIn = (children: Children, now: WallTime): number | null =>
  sooner(
    problemIn(wantedOf('coordinator', children), now),
    problemIn(wantedOf('worker', children), now),
  );

function problemsOfPods({ children, now }: ProgressSeen): string {
  return (['coordinator', 'worker'] as const)
    .map((kind) => problemsOf(wantedOf(kind, children), now))
    .filter((problem) => problem !== null)
    .join('; ');
}

const firstOf = (...texts: (string | null)[]): string => texts.find((text) => text) ?? '';

const straggler = (report: JobReport): string =>
  report.straggler === null ? report.reason : `${report.straggler} holds up the others`;

const notRunning = (state: JobState, reason: string, message: string): Judged => ({
  state,
  message,
  claims: {
    Suspended: { holds: false, reason: 'Resumed', message: '' },
    Running: { holds: false, reason, message },
    Degraded: { holds: false, reason, message: '' },
  },
});

function running(state: JobState, training: number, replicas: number, message: string): Judged {
  const count = `${training} of ${replicas} workers train`;
  const isDegraded = state === 'Degraded';
  return {
    state,
    message: isDegraded ? [count, message].filter(Boolean).join(': ') : message,
    claims: {
      Suspended: { holds: false, reason: 'Resumed', message: '' },
      Running: { holds: true, reason: 'Training', message: '' },
      Degraded: {
        holds: isDegraded,
        reason: isDegraded ? 'FewerWorkers' : 'AllWorkers',
        message: isDegraded ? [count, message].filter(Boolean).join(': ') : '',
      },
    },
  };
}

/** What a report says of the run, in the fields of the status. */
export function reportedFields(report: JobReport): Partial<TrainingJobStatus> {
  const { committedSteps, totalSteps } = report;
  const percentage = totalSteps === 0 ? 0 : Math.floor((100 * committedSteps) / totalSteps);
  return {
    step: committedSteps,
    totalSteps,
    ...(report.loss !== null && { loss: report.loss }),
    membershipGeneration: report.generation,
    trainerStatus: {
      // The last percent is the evaluation's.
      progressPercentage: Math.min(report.phase === 'finished' ? 100 : 99, percentage),
      ...(report.estimatedRemainingSeconds !== null && {
        estimatedRemainingSeconds: Math.round(report.estimatedRemainingSeconds),
      }),
      metrics: Object.entries(report.metrics).map(([name, value]) => ({
        name,
        value: String(value),
      })),
      lastUpdatedTime: report.time,
    },
    recoveries: report.recoveries.map((recovery) => ({
      ...recovery,
      workers: recovery.workers.slice(0, recoveryWorkersMax),
    })),
    ...(report.checkpoint !== null && { checkpoint: report.checkpoint }),
    ...(report.weightsSha256 !== null && { weightsSha256: report.weightsSha256 }),
  };
}
