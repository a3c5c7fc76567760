/**
 * What a training job on a cluster says of itself: written by the controller, read by everyone. The
 * schema bounds what is stored, so a status is never too large to be written.
 */
import { z } from 'zod';
import { membersMax } from '../../shared/limits.js';
import {
  reportedMetricsMax,
  reportedRecoveriesMax,
  reportedWorkersMax,
} from '../../shared/messages/job-report.js';

export const jobStates = [
  'Pending',
  'Queued',
  'Starting',
  'Running',
  'Degraded',
  'Paused',
  'Suspended',
  'Complete',
  'Failed',
] as const;

export type JobState = (typeof jobStates)[number];

export const conditionTypes = ['Suspended', 'Running', 'Degraded', 'Complete', 'Failed'] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** Characters of a message; a longer one is cut. */
export const longestStatusMessage = 4096;
/** Of a recovery: who was lost, came or went; more are not named. */
export const recoveryWorkersMax = reportedWorkersMax;

const count = (description: string) => z.int().min(0).meta({ description });
const number = (description: string) => z.number().meta({ description });
const seconds = (description: string) => z.number().min(0).max(1e12).meta({ description });
const text = (longest: number, description: string) =>
  z.string().max(longest).meta({ description });
const time = (description: string) => z.string().max(40).meta({ description, format: 'date-time' });

const condition = z.strictObject({
  type: z
    .string()
    .min(1)
    .max(316)
    .meta({ description: `One of ${conditionTypes.join(', ')}.` }),
  status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'Whether it holds.' }),
  observedGeneration: count('Of the spec that it speaks of.').optional(),
  lastTransitionTime: time('When the status changed last.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .meta({ description: 'A word for programs, such as InvalidSpec.' }),
  message: text(longestStatusMessage, 'A sentence for people.'),
});

const workers = z.strictObject({
  desired: count('As the spec says.'),
  ready: count('Pods that are ready.'),
  training: count('Members of the current generation.'),
  summary: text(32, '`training/desired`, for the table of kubectl get.'),
});

const metric = z.strictObject({
  name: text(128, 'As in the history: `loss`, `test.recall@10`.'),
  value: text(64, 'A number.'),
});

const trainerStatus = z.strictObject({
  progressPercentage: z
    .int()
    .min(0)
    .max(100)
    .meta({ description: 'Of the steps; 100 only at the end.' })
    .optional(),
  estimatedRemainingSeconds: count('At the pace of the last steps.').optional(),
  metrics: z
    .array(metric)
    .max(reportedMetricsMax)
    .meta({ description: 'Numbers of the last step, and of evaluations.' })
    .optional(),
  lastUpdatedTime: time('When the coordinator reported this.'),
});

const recovery = z.strictObject({
  time: time('When the change was decided.'),
  cause: text(32, 'lost, joined, left, link, leader or bus.'),
  workers: z
    .array(z.string().max(128))
    .max(recoveryWorkersMax)
    .meta({ description: 'Who was lost, came or went.' }),
  detectSeconds: seconds('From the last sign of life to the decision.'),
  reformSeconds: seconds('From there until every member knew where to go on.'),
  resumeSeconds: seconds('From there until every member trained.'),
  stepsLost: count('Steps that were under way and were computed again.'),
});

export const trainingJobStatusSchema = z.strictObject({
  state: z
    .enum(jobStates)
    .meta({ description: 'What the conditions say, in one word.' })
    .optional(),
  message: text(
    longestStatusMessage,
    'Why it is in this state: what a pending job waits for, why one has failed.',
  ).optional(),
  observedGeneration: count('Of the spec that this status speaks of.').optional(),
  conditions: z
    .array(condition)
    .max(16)
    .meta({
      description: '`kubectl wait --for=condition=Complete` waits for one of them.',
      'x-kubernetes-list-map-keys': ['type'],
    })
    .optional(),
  runId: text(64, 'Names the run in logs and metrics.').optional(),
  replicas: z
    .int()
    .min(0)
    .max(membersMax)
    .meta({ description: 'Worker pods that are there, for kubectl scale and autoscalers.' })
    .optional(),
  selector: text(1024, 'Labels of the worker pods, for autoscalers.').optional(),
  workers: workers.meta({ description: 'How many workers there are.' }).optional(),
  step: count('Committed steps.').optional(),
  totalSteps: count('Steps of the training.').optional(),
  loss: number('Of the last recorded step.').optional(),
  restarts: count('Members that have been lost so far.').optional(),
  membershipGeneration: count('How often the members have changed.').optional(),
  trainerStatus: trainerStatus
    .meta({ description: 'Progress, in the words of Kubeflow Trainer.' })
    .optional(),
  recoveries: z
    .array(recovery)
    .max(reportedRecoveriesMax)
    .meta({ description: 'The last changes of the members and what they cost, oldest first.' })
    .optional(),
  checkpoint: z
    .strictObject({
      step: count('Where it stands.'),
      time: time('When it was complete.'),
    })
    .meta({ description: 'The newest one.' })
    .optional(),
  weightsSha256: text(64, 'Digest of the trained weights.').optional(),
  startTime: time('When its pods were made first, or anew after a suspension.').optional(),
  completionTime: time('When it completed or failed.').optional(),
});

export type TrainingJobStatus = z.output<typeof trainingJobStatusSchema>;
export type JobCondition = z.output<typeof condition>;
export type JobRecovery = z.output<typeof recovery>;
