/** All that is known of one training job of a cluster, for people. Pure. */
import type { JobCondition, JobRecovery } from '../../../k8s/crd/status-schema.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { duration } from '../../output/display/progress-line.js';
import { aligned } from '../../output/text/aligned.js';
import { age } from './age.js';
import { stateOf } from './job-table.js';

/** @param now milliseconds of the wall clock */
export function statusText(job: TrainingJobObject, now: number): string {
  const { metadata, status = {} } = job;
  const { message = '', recoveries = [], conditions = [] } = status;
  const head = `${metadata.name} in the namespace ${metadata.namespace}: ${stateOf(job)}`;
  return [
    message === '' ? head : `${head}: ${message}`,
    ...facts(job, now).map(([name, value]) => `  ${name.padEnd(12)}${value}`),
    ...(conditions.length === 0 ? [] : ['conditions', ...conditionLines(conditions, now)]),
    ...(recoveries.length === 0 ? [] : ['recoveries', ...recoveryLines(recoveries, now)]),
  ].join('\n');
}

function facts({ metadata, status = {} }: TrainingJobObject, now: number): [string, string][] {
  const { checkpoint, loss, restarts, runId, step, totalSteps, trainerStatus, workers } = status;
  const { estimatedRemainingSeconds: left, metrics = [], progressPercentage } = trainerStatus ?? {};
  const found: [string, string | undefined][] = [
    ['age', age(metadata.creationTimestamp, now)],
    [
      'workers',
      workers && `${workers.training} of ${workers.desired} train, ${workers.ready} ready`,
    ],
    [
      'step',
      step === undefined
        ? undefined
        : `${step} of ${totalSteps ?? '?'}` +
          (progressPercentage === undefined ? '' : ` (${progressPercentage}%)`) +
          (left === undefined ? '' : `, about ${duration(left)} left`),
    ],
    ['loss', loss?.toFixed(6)],
    ['checkpoint', checkpoint && `of step ${checkpoint.step}, ${age(checkpoint.time, now)} ago`],
    ['restarts', restarts === undefined ? undefined : String(restarts)],
    ['metrics', metrics.map(({ name, value }) => `${name} ${value}`).join(', ') || undefined],
    ['weights', status.weightsSha256],
    ['run', runId],
  ];
  return found.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

const conditionLines = (conditions: readonly JobCondition[], now: number): string[] =>
  conditions.map(({ lastTransitionTime, message, reason, status, type }) => {
    const since = `${age(lastTransitionTime, now)} ago`;
    return `  ${type.padEnd(12)}${status.padEnd(7)}${reason}, ${since}${message === '' ? '' : `: ${message}`}`;
  });

/** The newest last, as they are listed. */
function recoveryLines(recoveries: readonly JobRecovery[], now: number): string[] {
  const seconds = (value: number): string => `${value.toFixed(2)} s`;
  const rows = recoveries.map((found) => [
    `  ${age(found.time, now)} ago`,
    found.cause,
    seconds(found.detectSeconds),
    seconds(found.reformSeconds),
    seconds(found.resumeSeconds),
    String(found.stepsLost),
    found.workers.join(' '),
  ]);
  const header = ['  when', 'cause', 'detect', 'reform', 'resume', 'steps again', 'workers'];
  return aligned([header, ...rows], 2);
}
