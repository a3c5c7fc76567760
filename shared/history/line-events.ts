/** Turns the lines of a history back into what a display shows: the other way round than event-lines.ts. */
import type { ReportedMetrics } from '../messages/report-fields.js';
import {
  type EndLine,
  type HistoryLine,
  type HistoryLineOf,
  historyLine,
  type ProgressLine,
  progressLine,
} from './history-line.js';
import { operatorEventOf } from './operator-lines.js';
import type { ShownEvent } from './shown-event.js';

/** Null for what is no line, or of a kind that is not known here. */
export function readLine(text: string): HistoryLine | ProgressLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return historyLine.safeParse(value).data ?? progressLine.safeParse(value).data ?? null;
}

export const isEnd = (line: HistoryLine | ProgressLine): line is EndLine =>
  line.kind === 'finished' || line.kind === 'failed';

/** Null for what shows nothing: the head of a file, and the end, which is no event. */
export function eventOf(line: HistoryLine | ProgressLine): ShownEvent | null {
  switch (line.kind) {
    case 'waiting':
      return { kind: 'waiting', reason: line.reason };
    case 'evaluating':
    case 'encoding':
      return { kind: line.kind, done: line.done, total: line.total };
    case 'warning':
      return { kind: 'notice', text: line.text };
    case 'started':
      return {
        kind: 'started',
        members: line.members,
        firstStep: line.committed_steps,
        totalSteps: line.total_steps,
        resumedFrom: line.resumed_from,
      };
    case 'generation': {
      const { generation, members, planned, reason } = line;
      const committedSteps = line.committed_steps;
      return { kind: 'generation', generation, members, planned, reason, committedSteps };
    }
    case 'recovery':
      return {
        kind: 'recovered',
        cause: line.cause,
        workers: line.workers,
        planned: line.planned,
        detectSeconds: line.detect_seconds,
        reformSeconds: line.reform_seconds,
        resumeSeconds: line.resume_seconds,
        lostSeconds: line.lost_seconds,
        recomputedSteps: line.recomputed_steps,
      };
    case 'committed':
      return stepOf(line);
    case 'phases': {
      const { generation, steps } = line;
      const members = line.members.map(({ worker, lanes, phase_seconds, wait_seconds }) => ({
        ...{ worker, lanes },
        phaseSeconds: phase_seconds,
        waitSeconds: wait_seconds,
      }));
      return { kind: 'phases', generation, steps, members };
    }
    case 'checkpointed': {
      const { path, seconds } = line;
      return { kind: 'checkpointed', committedSteps: line.committed_steps, path, seconds };
    }
    case 'evaluated':
      return evaluationOf(line);
    case 'rolled_back':
      return {
        kind: 'rolled-back',
        committedSteps: line.committed_steps,
        rolledBackTo: line.rolled_back_to,
        reason: line.reason,
        falseNegatives: line.false_negatives,
        learningRate: line.learning_rate,
      };
    case 'paused':
    case 'went_on':
    case 'asked_checkpoint':
    case 'draining':
    case 'refused_request':
      return operatorEventOf(line);
    case 'history':
    case 'finished':
    case 'failed':
      return null;
  }
}

function stepOf(line: HistoryLineOf<'committed'>): ShownEvent {
  const { kind, time, committed_steps, stage, loss, gradient_norm, learning_rate, ...more } = line;
  const { sequences, item_tokens, distinct_items, item_cosine, ...rest } = more;
  const { step_seconds, phase_seconds, wait_seconds, ...measures } = rest;
  const told = Object.entries(measures).filter(([, value]) => value !== undefined);
  return {
    kind,
    seconds: step_seconds,
    report: {
      step: committed_steps - 1,
      ...{ stage, loss, sequences },
      gradientNorm: gradient_norm,
      learningRate: learning_rate,
      itemTokens: item_tokens,
      distinctItems: distinct_items,
      measures: Object.fromEntries(told) as Record<string, number>,
      itemCosine: item_cosine,
      phaseSeconds: phase_seconds,
      waitSeconds: wait_seconds,
    },
  };
}

function evaluationOf({
  best,
  committed_steps: committedSteps,
  results: rows,
}: HistoryLineOf<'evaluated'>): ShownEvent {
  const results = rows.map(({ users_too_short, targets, split, model, ...row }) => ({
    ...row,
    split: split as ReportedMetrics['split'],
    model: model as ReportedMetrics['model'],
    tooShort: users_too_short,
    ...(targets && { targets: targetsOf(targets) }),
  }));
  if (best === null && results.some(({ split }) => split === 'test')) {
    return { kind: 'evaluated', committedSteps, results };
  }
  const { metric = '', value = 0, committed_steps: at = 0 } = best ?? {};
  const shown = best && { metric, value, committedSteps: at };
  return { kind: 'validated', committedSteps, results, best: shown };
}

type Targets = NonNullable<HistoryLineOf<'evaluated'>['results'][number]['targets']>;

const targetsOf = ({ users_of_one_class: oneClass, ...counts }: Targets) => ({
  ...counts,
  oneClass,
});
