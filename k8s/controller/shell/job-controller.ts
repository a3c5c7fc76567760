/** Looks at one job at a time: sees, decides, acts, writes down. */
import type { Clock } from '../../../shared/clock.js';
import type { Log } from '../../../shared/log.js';
import { isConflict, isEnding, isGone } from '../../api/api-error.js';
import { TokenBucket } from '../../api/rate-limit.js';
import type { TrainingJobStatus } from '../../crd/status-schema.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import type { Installation } from '../children/installation.js';
import { isFinished } from '../policy/conditions.js';
import { sooner } from '../policy/times.js';
import type { Action } from '../reconcile/decision.js';
import { reconcile } from '../reconcile/reconcile.js';
import type { EventRecorder } from './event-recorder.js';
import { NameTakenError, type PerformOptions, perform } from './perform.js';
import { paceOf, progressInterval, progressRate } from './status-pace.js';
import { transitionEvents } from './transition-events.js';

export interface JobControllerOptions extends PerformOptions {
  readonly installation: Installation;
  readonly events: EventRecorder;
  readonly log: Log;
  /** Whether this process may still write: its lease is fresh. */
  readonly mayAct: () => boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** This process no longer leads; another one does the work. */
export class NotLeadingError extends Error {
  override readonly name = 'NotLeadingError';
  readonly code = 'NOT_LEADING';
}

export class JobController {
  readonly #options: JobControllerOptions;
  readonly #progress: TokenBucket;

  constructor(options: JobControllerOptions) {
    this.#options = options;
    this.#progress = new TokenBucket(progressRate, options.clock);
  }

  /** @returns milliseconds until the next look; null where only a change calls for one */
  async handle(key: string): Promise<number | null> {
    const { accounts, events, installation, log, memories, now, view } = this.#options;
    const job = view.job(key);
    if (job === undefined) return null;
    const { name, uid } = job.metadata;
    const entry = memories.of(uid);
    if (job.metadata.deletionTimestamp !== undefined) entry.deletionSeenAt ??= now();
    const seen = {
      ...{ job, installation },
      children: view.childrenOf(job),
      report: entry.report,
      memory: memories.memoryOf(uid, now()),
      secrets: accounts.secretsOf({ name, uid }),
    };
    const decision = reconcile(seen, now());
    const { failure, isTimed, undone } = await this.#act(decision.actions, job, key);
    for (const event of decision.events) events.record(job, event);
    // Somebody else wrote at the same moment: the next look is a moment away.
    const isPassing = isConflict(failure) || failure instanceof NotLeadingError;
    const isForUsers = !isPassing && !isEnding(failure);
    entry.problem = failure === null || isPassing ? null : (failure as Error).message;
    if (failure !== null && isForUsers) {
      const note = (failure as Error).message;
      const reason = failure instanceof NameTakenError ? 'NameTaken' : 'ReconcileFailed';
      events.record(job, { type: 'Warning', reason, note });
    }
    const wait =
      decision.status === null ? null : await this.#write(job, decision.status, failure !== null);
    if (failure !== null && !isTimed) throw failure;
    if (failure !== null) log.warn({ job: key }, (failure as Error).message);
    return sooner(sooner(decision.requeueAfter, undone), wait);
  }

  /** Up to the first one that fails. */
  async #act(
    actions: readonly Action[],
    job: TrainingJobObject,
    key: string,
  ): Promise<{ failure: unknown; isTimed: boolean; undone: number | null }> {
    const { events, log, memories, now } = this.#options;
    const { repetitions } = memories.of(job.metadata.uid);
    let undone: number | null = null;
    for (const action of actions) {
      this.#mustLead();
      const { kind, reason } = action;
      const what = whatOf(action);
      const change = `${kind} ${what}: ${reason}`;
      const rest = repetitions.wait(change, now());
      if (rest > 0) {
        undone = sooner(undone, rest);
        const note = `Somebody undoes it again and again: ${change}`;
        events.record(job, { type: 'Warning', reason: 'Undone', note });
        // Whoever removes a budget must not keep the job from being scaled; nothing goes before the finalizer.
        if (action.kind === 'patch' && action.of === 'TrainingJob') break;
        continue;
      }
      try {
        await perform(action, job, this.#options);
        if (what !== '') repetitions.note(change, now());
        // Said again every minute, and known already.
        const level = kind === 'push-account' ? 'debug' : 'info';
        log[level]({ job: key, action: kind, what, reason }, 'done');
      } catch (failure) {
        // Tried for a bounded time, which waits that grow would exceed.
        const isTimed = kind === 'remove-account' && !(failure instanceof NotLeadingError);
        return { failure, isTimed, undone };
      }
    }
    return { failure: null, isTimed: false, undone };
  }

  /** @returns milliseconds until it may be written; null where it is as it should be */
  async #write(
    job: TrainingJobObject,
    status: TrainingJobStatus,
    isAfterFailure: boolean,
  ): Promise<number | null> {
    const { api, events, memories, now, view } = this.#options;
    const entry = memories.of(job.metadata.uid);
    // An end is written down, or it is none.
    if (isAfterFailure && isFinished(status)) return null;
    const pace = paceOf({
      before: job.status,
      after: status,
      sinceLast: entry.statusAt === null ? null : now() - entry.statusAt,
    });
    if (pace.kind === 'same') return null;
    if (pace.kind === 'wait') return pace.milliseconds;
    // Whoever comes too early is told of again by its next report, or then.
    if (pace.isProgress && !this.#progress.takeIfFree()) {
      return progressInterval * (1 + this.#options.random());
    }
    this.#mustLead();
    const { name, namespace, uid } = job.metadata;
    const { apiVersion, kind } = job;
    try {
      const object = { apiVersion, kind, metadata: { name, namespace, uid }, status };
      const written = await api.apply(object, true, 'status');
      entry.statusAt = now();
      view.storeOf('TrainingJob')?.put(written);
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
    for (const event of transitionEvents(job.status, status)) events.record(job, event);
    return null;
  }

  #mustLead(): void {
    if (this.#options.mayAct()) return;
    throw new NotLeadingError('Cannot change the cluster: this controller does not lead any more');
  }
}

/** Kind and name; empty for what is no object of the cluster. */
function whatOf(action: Action): string {
  if ('object' in action) return `${action.object.kind} ${action.object.metadata.name}`;
  return 'of' in action ? `${action.of} ${action.name}` : '';
}
