/**
 * One leadership of a run: from the moment a process has the claim until it loses it or the run is
 * over. It hears the workers, asks the pure decisions, and acts on their answers. It never looks at a
 * clock of its own and starts no timer: `tick` is called from outside.
 */
import type { BusStream } from '../../../shared/bus.js';
import type { WorkerId } from '../../../shared/ids.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { OperatorRequest } from '../../../shared/messages/cluster/control.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { WorkerMessage } from '../../../shared/messages/cluster/from-worker.js';
import { everyPlanSubject, planStream } from '../../../shared/subjects.js';
import { type Millis, millis } from '../../../shared/units.js';
import { decideMembership } from '../../membership/decide-membership.js';
import { otherSecrets } from '../../membership/other-secrets.js';
import type { LeaveView } from '../decide-leave.js';
import { describeRun } from './describe-run.js';
import { GenerationFormer } from './generation-former.js';
import { LeaderEars } from './leader-ears.js';
import type { RunLeaderGiven } from './leadership.js';
import { OpenLeadership } from './open-leadership.js';
import { OperatorDesk } from './operator-desk.js';
import { RecordKeeper } from './record-keeper.js';
import { RunEnding } from './run-ending.js';
import { overOf } from './run-entries.js';
import { TrainingLookout } from './training-lookout.js';

export class RunLeader {
  readonly #run: OpenLeadership;
  readonly #ears: LeaderEars;
  readonly #lookout: TrainingLookout;
  readonly #former: GenerationFormer;
  readonly #ending: RunEnding;
  readonly #operator: OperatorDesk;
  /** Told to have another secret. */
  readonly #strangers = new Set<WorkerId>();
  #isActing = false;

  /** @throws BusAwayError, BusRefusedError; null where a newer leader has been faster. */
  static async open(given: RunLeaderGiven): Promise<RunLeader | null> {
    const { parts, prepared, fence, values } = given;
    const records = new RecordKeeper(values, parts.run, fence);
    const taken = await records.takeOver();
    if (taken === null) return null;
    const { dataset, totalSteps } = prepared;
    await describeRun(values, parts.run, { ...parts.description, dataset, totalSteps });
    const stream = await parts.bus.ensureStream(planStream(parts.run), everyPlanSubject(parts.run));
    return new RunLeader(given, records, taken.record, stream);
  }

  private constructor(
    given: RunLeaderGiven,
    records: RecordKeeper,
    record: GenerationRecord | null,
    stream: BusStream,
  ) {
    this.#run = new OpenLeadership(given, records, record, stream, {
      lead: () => this.#lead(),
      onRecorded: (reports, trained) => this.#lookout.recorded(reports, trained),
      ending: () => this.#ending,
    });
    this.#lookout = new TrainingLookout(this.#run);
    this.#former = new GenerationFormer(this.#run, this.#lookout);
    this.#ears = new LeaderEars(this.#run, {
      record: (now) => void this.#record(now),
      look: (now) => this.#look(now),
    });
    this.#ending = new RunEnding(this.#run, this.#ears);
    this.#operator = new OperatorDesk(this.#run);
    this.#operator.follow();
    this.#run.begin();
  }

  /** Null while the run moves, or waits for workers with a reason. */
  get unhealthy(): string | null {
    const { end } = this.#ending;
    return end === null ? this.#run.watch.late : `the run is over: ${end.kind}`;
  }

  /** Workers that hold a state, or are members and about to. */
  get holders(): LeaveView['holders'] {
    const { record, workers } = this.#run.memory;
    const members = new Set(record?.members.map(({ worker }) => worker));
    return [...workers.values()]
      .filter(({ status, worker }) => status.position !== null || members.has(worker))
      .map(({ heardAt, status: { leaving } }) => ({
        leaving,
        silentFor: millis(this.#run.now - heardAt),
      }));
  }

  /** Who holds up the others; null where nobody does. */
  get straggler(): WorkerId | null {
    return this.#run.watch.straggler;
  }

  /** Members finish the step they are in, write a checkpoint and end. */
  stop(by: string): void {
    if (this.#run.ahead.stopping || this.#run.hasEnded) return;
    this.#run.append({ kind: 'stopping', by });
    this.#operator.follow();
    this.#run.voice.changed();
  }

  /** Takes an operator's request once; whoever asked reads in the log what became of it. */
  ask(request: OperatorRequest): void {
    this.#guard(() => this.#operator.take(request));
  }

  /** @param now of a clock that stands still while this process does, or the bus is away */
  tick(now: Millis): void {
    if (this.#run.isClosed) return;
    this.#run.now = now;
    this.#run.writer.tick();
    this.#run.plans.tick();
    if (this.#run.hasEnded) this.#ending.sayGoodbye(now);
    else this.#guard(() => this.#look(now));
    if (!this.#run.isClosed) this.#run.voice.tick(now);
  }

  /** The bus was away and is back: nobody could be heard, so nobody was silent. */
  cameBack(now: Millis): void {
    this.#run.memory.excuse(now);
    this.#run.plans.wake();
    this.#run.voice.changed();
    if (this.#run.ahead.hasTrained && !this.#run.hasEnded) {
      this.#run.watch.recovery.decided(now, {
        cause: 'bus',
        workers: [],
        planned: false,
        since: null,
        aborts: false,
      });
      this.#run.watch.recovery.started(now);
    }
  }

  hear(now: Millis, worker: WorkerId, message: WorkerMessage): void {
    if (this.#run.isClosed) return;
    this.#run.now = now;
    this.#guard(() => this.#ears.hear(now, worker, message));
  }

  /** Stops acting: someone else leads, or the process ends. */
  close(): void {
    this.#run.close();
  }

  /** Removes what the run needs no more; its log stays. */
  clean(): Promise<void> {
    return this.#run.clean();
  }

  /** Whatever fails in a look at the run ends it. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#run.failWith(error as Error);
    }
  }

  /** Records what has been reported by all; whether the run is over by it. */
  #record(now: Millis): boolean {
    const trained = this.#lookout.trainedIn;
    if (trained !== null) this.#run.steps.recordDue(trained, this.#lookout.trainers());
    this.#run.facts.recordDue();
    this.#ears.settle();
    return this.#ending.tryToFinish(now);
  }

  #look(now: Millis): void {
    if (this.#run.hasEnded || this.#run.isClosed) return;
    if (this.#record(now)) return;
    this.#operator.follow();
    if (this.#isActing) return;
    const decision = decideMembership(now, this.#run.view(), this.#workers);
    switch (decision.kind) {
      case 'ping':
        this.#run.memory.suspect(now, decision.suspects);
        this.#run.voice.changed();
        this.#run.voice.tick(now);
        break;
      case 'wait':
        this.#wait(decision.reason);
        break;
      case 'form':
        if (this.#run.ahead.stopping && !this.#run.ahead.hasTrained)
          this.#stopWithoutWorkers('nobody had begun');
        else this.#act(() => this.#former.form(decision));
        break;
      case 'start':
        this.#act(() => this.#former.start(decision));
        break;
      case 'nothing':
        break;
    }
    this.#nameStrangers();
    this.#lookout.look(now);
  }

  /** Whoever has another secret can never be linked with the others: that is said once. */
  #nameStrangers(): void {
    const { record, workers } = this.#run.memory;
    // Before a run begins as well: it may wait for ever for somebody who is there.
    const whose = record === null ? 'the others' : 'the members';
    const standing = [...workers.values()].filter(({ status }) => status.phase === 'standing-by');
    if (standing.length === 0) return;
    for (const worker of otherSecrets(this.#run.view(), standing)) {
      if (this.#strangers.has(worker)) continue;
      this.#strangers.add(worker);
      this.#run.notice(
        `${worker} is not taken in: it has another secret than ${whose}: LOCKSTEP_SECRET_FILE (or ` +
          'LOCKSTEP_SECRET) must be the same for all workers of a job',
      );
    }
  }

  get #workers() {
    return this.#run.given.parts.workers;
  }

  #wait(reason: string): void {
    if (this.#run.ahead.stopping) this.#stopWithoutWorkers(reason);
    else if (this.#run.ahead.waiting !== reason) this.#run.append({ kind: 'waiting', reason });
  }

  #stopWithoutWorkers(reason: string): void {
    const { hasTrained, recordedSteps } = this.#run.ahead;
    const when = hasTrained
      ? `after step ${recordedSteps}, while nobody trained`
      : 'before training began';
    this.#run.fail('STOPPED', `stopped ${when}: ${reason}`, null);
  }

  #act(work: () => Promise<void>): void {
    this.#isActing = true;
    work()
      .catch((error: unknown) => this.#run.failWith(error as Error))
      .finally(() => {
        this.#isActing = false;
      });
  }

  #lead(): Lead {
    const { fence, parts } = this.#run.given;
    return {
      kind: 'lead',
      fence,
      coordinator: parts.name,
      recordedSteps: this.#run.stored.recordedSteps,
      checkpointSteps: this.#run.stored.checkpoint?.committedSteps ?? null,
      hasTrained: this.#run.stored.hasTrained,
      generation: this.#run.memory.record,
      stopping: this.#run.ahead.stopping,
      ...this.#operator.said,
      over: overOf(this.#ending.said),
      heard: this.#ears.heard,
      ping: this.#run.memory.ping,
    };
  }
}
