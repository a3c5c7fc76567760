/**
 * What a leader remembers of its workers between two decisions. It is told readings of the awake clock
 * and keeps the newest word of each worker; the run's log needs none of it.
 */
import { type WorkerId, workerId } from '../../shared/ids.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import { samePosition } from '../../shared/membership/position.js';
import type { WorkerStatus } from '../../shared/messages/cluster/from-worker.js';
import type { Millis } from '../../shared/units.js';
import { millis } from '../../shared/units.js';
import type { ClusterView, LinkBreak, SeenWorker, Suspect } from './cluster-view.js';
import { breakMemory, leaveOutMost, leaveOutTime, silenceTimeout } from './limits.js';
import type { Form } from './membership-decision.js';

/** Workers of which a leader remembers that they were. A name of a pod that came and went is one. */
const workersRemembered = 4096;

export class ClusterMemory {
  readonly #workers = new Map<WorkerId, SeenWorker>();
  /** Incarnations that another one of their name has replaced: a process that wakes up late is none. */
  readonly #replaced = new Set<string>();
  readonly #since: Millis;
  #record: GenerationRecord | null;
  #formedAt: Millis;
  #startedAt: Millis | null;
  #trainedBy: ClusterView['trainedBy'];
  #ping = 0;
  #suspects: readonly Suspect[] = [];
  #breaks: readonly LinkBreak[] = [];
  readonly #leftOut = new Map<WorkerId, Millis>();
  /** How often in a row, without having trained between; as many as workers are remembered. */
  readonly #timesOut = new Map<WorkerId, number>();
  #dealtAt: Millis;

  /** @param trainedBy as the run's log tells it, where a planned generation is being formed. */
  constructor(
    now: Millis,
    record: GenerationRecord | null,
    trainedBy: ClusterView['trainedBy'] = null,
  ) {
    this.#since = now;
    this.#formedAt = now;
    this.#startedAt = record?.start == null ? null : now;
    this.#dealtAt = now;
    this.#record = record;
    this.#trainedBy = record?.planned && record.start === null ? trainedBy : null;
  }

  /** Since when it listens. */
  get since(): Millis {
    return this.#since;
  }

  get record(): GenerationRecord | null {
    return this.#record;
  }

  get trainedBy(): ClusterView['trainedBy'] {
    return this.#trainedBy;
  }

  get ping(): number {
    return this.#ping;
  }

  get workers(): ReadonlyMap<WorkerId, SeenWorker> {
    return this.#workers;
  }

  view(facts: ClusterView['facts']): ClusterView {
    return {
      record: this.#record,
      formedAt: this.#formedAt,
      startedAt: this.#startedAt,
      since: this.#since,
      workers: this.#workers,
      ping: this.#ping,
      suspects: this.#suspects,
      breaks: this.#breaks,
      leftOut: this.#leftOut,
      dealtAt: this.#dealtAt,
      trainedBy: this.#trainedBy,
      facts,
    };
  }

  /**
   * Takes a status. Whether something may follow from it at once: most only say that their sender lives,
   * and how far it has trained.
   * A process whose name another one has by now is not heard.
   */
  hear(now: Millis, worker: WorkerId, status: WorkerStatus): boolean {
    const before = this.#workers.get(worker);
    if (this.#replaced.has(`${worker} ${status.incarnation}`)) return false;
    if (before === undefined && this.#workers.size >= workersRemembered) this.#forgetSilent(now);
    const same = before?.status.incarnation === status.incarnation;
    if (before !== undefined && !same) this.#replaced.add(`${worker} ${before.status.incarnation}`);
    const moved = !same || hasMoved(before?.status as WorkerStatus, status);
    const stands = status.phase === 'standing-by';
    if (status.phase === 'training' && !this.#leftOut.has(worker)) this.#timesOut.delete(worker);
    this.#workers.set(worker, {
      worker,
      status,
      heardAt: now,
      movedAt: moved ? now : (before?.movedAt ?? now),
      trainedIn:
        status.phase === 'training' || status.phase === 'finished'
          ? status.generation
          : ((same ? before?.trainedIn : null) ?? null),
      standingSince: stands ? ((same ? before?.standingSince : null) ?? now) : null,
    });
    return !same || hasNews(before?.status as WorkerStatus, status);
  }

  /** Any other word of a process: it lives, and a copy that grows moves. */
  heardFrom(now: Millis, worker: WorkerId, incarnation: string, moved: boolean): void {
    const before = this.#workers.get(worker);
    if (before?.status.incarnation !== incarnation) return;
    this.#workers.set(worker, {
      ...before,
      heardAt: now,
      movedAt: moved ? now : before.movedAt,
    });
  }

  /** These are complained of: a ping that they must answer goes out. */
  suspect(now: Millis, workers: readonly WorkerId[]): void {
    const ping = ++this.#ping;
    this.#suspects = [
      ...this.#suspects,
      ...workers.map((worker): Suspect => ({ worker, since: now, ping })),
    ];
  }

  /** The decision stands in the store. */
  formed(now: Millis, { breaks, leaveOut, dealt }: Form, record: GenerationRecord): void {
    if (!record.planned) this.#trainedBy = null;
    else if (this.#record?.start != null) {
      const { generation, members } = this.#record;
      this.#trainedBy = { generation, workers: members.map(({ worker }) => worker) };
    }
    this.#record = record;
    this.#formedAt = now;
    this.#startedAt = null;
    // Complaints are of one generation.
    this.#suspects = [];
    this.#breaks = [...this.#breaks.filter(({ at }) => now - at < breakMemory), ...breaks];
    for (const worker of leaveOut) this.#leaveOut(now, worker);
    for (const [worker, until] of this.#leftOut) if (until <= now) this.#leftOut.delete(worker);
    if (dealt) this.#dealtAt = now;
  }

  #leaveOut(now: Millis, worker: WorkerId): void {
    const times = this.#timesOut.get(worker) ?? 0;
    if (this.#timesOut.size < workersRemembered) this.#timesOut.set(worker, times + 1);
    const long = Math.min(leaveOutMost, leaveOutTime * 2 ** times);
    this.#leftOut.set(worker, millis(now + long));
  }

  started(now: Millis, record: GenerationRecord): void {
    this.#record = record;
    this.#startedAt = now;
    this.#trainedBy = null;
  }

  /** This is what stands in the store, whoever decided it. */
  found(now: Millis, record: GenerationRecord): void {
    this.#record = record;
    this.#formedAt = now;
    this.#startedAt = record.start === null ? null : now;
    if (!record.planned || record.start !== null) this.#trainedBy = null;
    this.#suspects = [];
  }

  /** Time passed in which nobody could be heard: nobody was silent meanwhile. */
  excuse(now: Millis): void {
    for (const [worker, seen] of this.#workers) {
      this.#workers.set(worker, { ...seen, heardAt: now, movedAt: now });
    }
    this.#suspects = [];
  }

  #forgetSilent(now: Millis): void {
    for (const [worker, { heardAt }] of this.#workers) {
      if (now - heardAt >= silenceTimeout) this.#workers.delete(worker);
    }
  }
}

const hasMoved = (before: WorkerStatus, now: WorkerStatus): boolean =>
  before.phase !== now.phase ||
  before.generation !== now.generation ||
  !samePosition(before.position, now.position);

const hasNews = (before: WorkerStatus, now: WorkerStatus): boolean =>
  (now.phase !== 'training' && hasMoved(before, now)) ||
  before.phase !== now.phase ||
  before.generation !== now.generation ||
  before.leaving !== now.leaving ||
  before.ping !== now.ping ||
  now.trouble.length > 0 ||
  before.checkpoint?.committedSteps !== now.checkpoint?.committedSteps;

/** The worker that a subject ends with. */
export const senderOf = (subject: string): WorkerId =>
  workerId(subject.slice(subject.lastIndexOf('.') + 1));
