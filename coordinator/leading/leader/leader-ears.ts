/** Hears the workers: notes what they are, takes their reports, each once, and hands on what they want. */
import { BusAwayError } from '../../../shared/bus.js';
import type { WorkerId } from '../../../shared/ids.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type {
  NumberedReport,
  WorkerMessage,
  WorkerProgress,
  WorkerReport,
} from '../../../shared/messages/cluster/from-worker.js';
import { encodeWorkerMessage } from '../../../shared/messages/cluster/from-worker.js';
import type { ReportedMetrics } from '../../../shared/messages/report-fields.js';
import { progressSubject } from '../../../shared/subjects.js';
import { type Millis, millis } from '../../../shared/units.js';
import { judgeFailure, type WorkerFailure } from '../../record/judge-failure.js';
import type { SafeWhen } from '../../record/report-inbox.js';
import type { Finished } from '../../verdict.js';
import { relayInterval } from '../limits.js';
import type { Leadership } from './leadership.js';
import { ReportDesk } from './report-desk.js';

export interface Looks {
  /** Records what has been reported by all. */
  readonly record: (now: Millis) => void;
  /** Decides what follows from all that is known. */
  readonly look: (now: Millis) => void;
}

export class LeaderEars {
  readonly finished = new Map<WorkerId, Finished>();
  readonly metricsOf = new Map<WorkerId, readonly ReportedMetrics[]>();
  readonly #run: Leadership;
  readonly #looks: Looks;
  readonly #desk = new ReportDesk((worker, report) => this.#take(worker, report));
  readonly #failures: WorkerFailure[] = [];
  #relayedAt: Millis = millis(0);

  constructor(run: Leadership, looks: Looks) {
    this.#run = run;
    this.#looks = looks;
  }

  /** Up to which number the reports of each are recorded. */
  get heard(): Lead['heard'] {
    return this.#desk.heard;
  }

  hear(now: Millis, worker: WorkerId, message: WorkerMessage): void {
    switch (message.kind) {
      case 'status':
        if (this.#run.memory.hear(now, worker, message) && !this.#run.hasEnded)
          this.#looks.look(now);
        break;
      case 'report':
        this.#run.memory.heardFrom(now, worker, message.incarnation, false);
        this.#hearReport(worker, message);
        break;
      case 'progress':
        this.#hearProgress(now, worker, message);
        break;
      case 'files-wanted':
        this.#publishFiles(message.digest);
        break;
    }
  }

  #hearReport(worker: WorkerId, message: NumberedReport): void {
    if (this.#run.hasEnded) return;
    const known = this.#run.memory.workers.get(worker)?.status.incarnation ?? null;
    this.#desk.hear(worker, message, known);
    this.#looks.record(this.#run.now);
  }

  /** @throws MembersDifferError */
  #take(worker: WorkerId, { generation, report }: NumberedReport): SafeWhen {
    switch (report.kind) {
      case 'committed': {
        const { step } = report.report;
        const { kind: _, ...told } = report;
        const known = this.#run.steps.add({ worker, generation, ...told });
        if (!known) this.#refuse('ahead', `${worker} reports step ${step}, which nobody can train`);
        return known ? { kind: 'recorded', step } : { kind: 'now' };
      }
      case 'finished':
        this.#run.watch.evaluating(this.#run.now);
        this.finished.set(worker, report);
        return { kind: 'over' };
      case 'failed':
        return this.#takeFailure(worker, report);
      case 'evaluated':
        this.metricsOf.set(worker, report.results);
        break;
      case 'validated':
        // What came before is no part of the next step.
        this.#run.watch.pausedSteps(this.#run.now);
        break;
      default:
        break;
    }
    this.#run.watch.heard(this.#run.now);
    return this.#run.facts.take(worker, report);
  }

  #takeFailure(
    worker: WorkerId,
    { code, message, stack }: Extract<WorkerReport, { kind: 'failed' }>,
  ): SafeWhen {
    this.#run.given.parts.log.error({ worker, code, stack }, message);
    const { recordedSteps } = this.#run.ahead;
    const failure = { worker, code, recordedSteps };
    const isWriter = this.#run.memory.record?.writer === worker;
    const meaning = judgeFailure(failure, this.#failures, isWriter);
    this.#failures.push(failure);
    if (meaning.kind === 'ends the run') {
      this.#run.fail(code, message, worker);
      return { kind: 'over' };
    }
    const text = `${worker} failed: ${code}: ${message}`;
    return this.#run.facts.take(worker, { kind: 'notice', text });
  }

  #hearProgress(now: Millis, worker: WorkerId, message: WorkerProgress): void {
    const moved = message.doing === 'copying';
    this.#run.memory.heardFrom(now, worker, message.incarnation, moved);
    if (message.doing !== 'copying') this.#run.watch.evaluating(now);
    if (message.doing === 'encoding') this.#run.watch.pausedSteps(now);
    if (this.#run.memory.record?.members[0]?.worker !== worker) return;
    if (now - this.#relayedAt < relayInterval) return;
    this.#relayedAt = now;
    const { bus, run } = this.#run.given.parts;
    bus.publish(progressSubject(run), encodeWorkerMessage(message));
  }

  #publishFiles(digest: string): void {
    const publishing = this.#run.given.parts.filesPublisher.publish(digest);
    if (publishing === null) {
      this.#refuse('stranger', `files of ${digest} are wanted, which the run has not`);
      return;
    }
    publishing.then(
      (files) => this.#run.voice.say({ kind: 'files-published', digest, files: [...files] }),
      (error: unknown) => {
        // Whoever wants them goes on asking.
        if (!(error instanceof BusAwayError)) this.#run.failWith(error as Error);
      },
    );
  }

  #refuse(reason: string, message: string): void {
    this.#run.given.parts.metrics.refused.inc({ reason });
    this.#run.given.parts.log.warn({ reason }, message);
  }

  /** What is stored by now may be forgotten by whoever reported it. */
  settle(): void {
    const { stored, voice, writer } = this.#run;
    const more = this.#desk.settle({
      stored: writer.last,
      recordedSteps: stored.recordedSteps,
      over: stored.end !== null,
    });
    if (more) voice.aged();
  }
}
