/** Turns what the processes of a run tell into the lines of its history. */
import type { ReportedBest, ReportedStep } from '../messages/report-fields.js';
import type { PhasesTold, Recovered, RunEvent, RunResult } from '../messages/run-events.js';
import type { LinksTold } from '../messages/work-fields.js';
import type { HistoryLine, HistoryLineOf, ProgressLine } from './history-line.js';
import { operatorLine } from './operator-lines.js';
import { resultFields, targetFields } from './result-fields.js';

/** What every `started` line says of the program. */
export interface ProgramVersions {
  readonly lockstep_version: string;
  readonly node_version: string;
}

/** Events of one run, in their order; each gets the committed steps at which it happened. */
export class EventLines {
  readonly #versions: ProgramVersions;
  #committedSteps = 0;

  constructor(versions: ProgramVersions) {
    this.#versions = versions;
  }

  get committedSteps(): number {
    return this.#committedSteps;
  }

  /**
   * @param time ISO 8601
   * @returns null for what is told elsewhere: ports, and the end, which has a cause that no single
   *   event knows.
   */
  lineOf(event: RunEvent, time: string): HistoryLine | ProgressLine | null {
    switch (event.kind) {
      case 'waiting':
        return { kind: 'waiting', time, reason: event.reason };
      case 'evaluating':
      case 'encoding':
        return { kind: event.kind, time, done: event.done, total: event.total };
      case 'notice':
        return { kind: 'warning', time, committed_steps: this.#committedSteps, text: event.text };
      case 'started':
        this.#committedSteps = event.firstStep;
        return {
          kind: 'started',
          time,
          committed_steps: event.firstStep,
          members: [...event.members],
          total_steps: event.totalSteps,
          resumed_from: event.resumedFrom,
          ...this.#versions,
        };
      case 'generation': {
        const { generation, members, planned, reason } = event;
        const at = { time, committed_steps: event.committedSteps };
        return { kind: 'generation', ...at, generation, members: [...members], planned, reason };
      }
      case 'recovered':
        return recoveryLine(event, this.#committedSteps, time);
      case 'committed':
        this.#committedSteps = event.report.step + 1;
        return stepLine(event.report, event.seconds, time);
      case 'phases':
        return phasesLine(event, this.#committedSteps, time);
      case 'checkpointed': {
        const { committedSteps, path, seconds } = event;
        return { kind: 'checkpointed', time, committed_steps: committedSteps, path, seconds };
      }
      case 'validated':
        return evaluatedLine(event, event.best, time);
      case 'evaluated':
        return evaluatedLine(event, null, time);
      case 'rolled-back':
        return {
          kind: 'rolled_back',
          time,
          committed_steps: event.committedSteps,
          rolled_back_to: event.rolledBackTo,
          reason: event.reason,
          false_negatives: event.falseNegatives,
          learning_rate: event.learningRate,
        };
      case 'paused':
      case 'went-on':
      case 'asked-checkpoint':
      case 'draining':
      case 'refused-request':
        return operatorLine(event, this.#committedSteps, time);
      case 'led':
      case 'listening':
      case 'joined':
      case 'leaving':
      case 'finished':
      case 'failed':
        return null;
    }
  }
}

/** @param seconds since the step before was committed, or since the members were ready */
export function stepLine(
  report: ReportedStep,
  seconds: number,
  time: string,
): HistoryLineOf<'committed'> {
  return {
    kind: 'committed',
    time,
    committed_steps: report.step + 1,
    stage: report.stage,
    loss: report.loss,
    gradient_norm: report.gradientNorm,
    learning_rate: report.learningRate,
    sequences: report.sequences,
    item_tokens: report.itemTokens,
    distinct_items: report.distinctItems,
    ...report.measures,
    item_cosine: report.itemCosine,
    step_seconds: seconds,
    phase_seconds: report.phaseSeconds,
    wait_seconds: report.waitSeconds,
  };
}

function phasesLine(
  { generation, members, steps }: PhasesTold,
  committedSteps: number,
  time: string,
): HistoryLineOf<'phases'> {
  return {
    kind: 'phases',
    time,
    committed_steps: committedSteps,
    generation,
    steps,
    members: members.map(({ worker, lanes, phaseSeconds, waitSeconds, work, host, links }) => ({
      ...{ worker, lanes },
      phase_seconds: phaseSeconds,
      wait_seconds: waitSeconds,
      ...(work && {
        work: { users: work.users, item_tokens: work.itemTokens, flops: work.flops },
      }),
      ...(host !== undefined && { host }),
      ...(links && { links: linksLine(links) }),
    })),
  };
}

const linksLine = ({ seconds, sentBytes, receivedBytes, peers }: LinksTold) => ({
  seconds,
  sent_bytes: sentBytes,
  received_bytes: receivedBytes,
  peers: {
    ranks: peers.map(({ rank }) => rank),
    sent_bytes: peers.map((peer) => peer.sentBytes),
    receive_seconds: peers.map((peer) => peer.receiveSeconds),
    wait_seconds: peers.map((peer) => peer.waitSeconds),
  },
});

function recoveryLine(
  event: Recovered,
  committedSteps: number,
  time: string,
): HistoryLineOf<'recovery'> {
  return {
    kind: 'recovery',
    time,
    committed_steps: committedSteps,
    cause: event.cause,
    workers: event.workers,
    planned: event.planned,
    detect_seconds: event.detectSeconds,
    reform_seconds: event.reformSeconds,
    resume_seconds: event.resumeSeconds,
    lost_seconds: event.lostSeconds,
    recomputed_steps: event.recomputedSteps,
  };
}

function evaluatedLine(
  event: Extract<RunEvent, { kind: 'validated' | 'evaluated' }>,
  best: ReportedBest | null,
  time: string,
): HistoryLineOf<'evaluated'> {
  const results = event.results.map(({ tooShort, targets, ...result }) => ({
    ...result,
    users_too_short: tooShort,
    ...(targets && { targets: targetFields(targets) }),
  }));
  return {
    kind: 'evaluated',
    time,
    committed_steps: event.committedSteps,
    results,
    best: best && {
      metric: best.metric,
      value: best.value,
      committed_steps: best.committedSteps,
    },
  };
}

export interface FinishedParts {
  readonly exitCode: number;
  /** The command that goes on; null where nothing is left to do. */
  readonly resume: string | null;
  /** ISO 8601. */
  readonly time: string;
}

export function finishedLine(
  result: RunResult,
  { exitCode, resume, time }: FinishedParts,
): HistoryLineOf<'finished'> {
  return { kind: 'finished', time, exit_code: exitCode, ...resultFields(result), resume };
}
