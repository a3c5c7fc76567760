/**
 * A coordinator process: stands by or leads. It follows the run's log all the time, so that it can
 * lead at once. It looks at its clock only in `tick`, which is called from outside.
 */

import { AwakeClock } from '../../shared/awake-clock.js';
import type { BusLog, BusValues } from '../../shared/bus.js';
import { BusAwayError } from '../../shared/bus.js';
import { codeOf } from '../../shared/exit-codes.js';
import { longestTick } from '../../shared/limits.js';
import { decodeGeneration } from '../../shared/membership/generation-record.js';
import { decodeControl } from '../../shared/messages/cluster/control.js';
import { decodeWorkerMessage } from '../../shared/messages/cluster/from-worker.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import { Refusals } from '../../shared/messages/refusals.js';
import {
  claimsBucket,
  controlSubject,
  everyWorkerSubject,
  generationKey,
  logStream,
  logSubject,
} from '../../shared/subjects.js';
import { type Millis, millis } from '../../shared/units.js';
import { ClaimKeeper } from '../leadership/claim-keeper.js';
import { senderOf } from '../membership/cluster-memory.js';
import type { RunEnd } from '../record/run-state.js';
import type { Standing } from '../report/run-reporter.js';
import type { CoordinatorOutcome, CoordinatorParts, Prepared } from './coordinator-parts.js';
import { decideLeave } from './decide-leave.js';
import { RunLeader } from './leader/run-leader.js';
import { LogFollower } from './log-follower.js';

interface Opened {
  readonly values: BusValues;
  readonly log: BusLog;
  readonly follower: LogFollower;
  readonly keeper: ClaimKeeper;
  /** Sequence of the log's newest entry when this process began. */
  readonly begunBehind: number;
}

export class Coordinator {
  readonly #parts: CoordinatorParts;
  readonly #awake: AwakeClock;
  readonly #refusals = new Refusals();
  readonly outcome: Promise<CoordinatorOutcome>;
  #settle: (outcome: CoordinatorOutcome) => void = () => undefined;
  #opened: Opened | null = null;
  #prepared: Prepared | null = null;
  #leader: RunLeader | null = null;
  #opening = false;
  #over = false;
  #stopBy: string | null = null;
  /** Time in which workers and leaders could be heard: awake, with a bus, and not without a lease. */
  #listened: Millis = millis(0);
  #lookedAt: Millis;
  #wasAway = false;
  /** Asked to end. */
  #leavingSince: Millis | null = null;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.#awake = new AwakeClock(parts.clock, longestTick);
    this.#lookedAt = this.#awake.now();
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get leads(): boolean {
    return this.#leader !== null;
  }

  /**
   * What a leader has to report; null where this process stands by. Of a run that has ended and is to be
   * gone on with, nothing is reported before it goes on.
   */
  get standing(): Standing | null {
    const state = this.#opened?.keeper.state;
    if (this.#opened === null || state?.kind !== 'leading') return null;
    const { progress } = this.#opened.follower;
    if (this.#leader === null && progress.end !== null) return null;
    return { fence: state.fence, progress, straggler: this.#leader?.straggler ?? null };
  }

  /** Null while the job is on its way, or this process only stands by. */
  get unhealthy(): string | null {
    return this.#over ? 'the run is over' : (this.#leader?.unhealthy ?? null);
  }

  /** Null while it leads or stands by. */
  get unready(): string | null {
    if (this.#over) return 'the run is over, or led by others';
    if (this.#opened === null) return "opens the run's log";
    return this.#parts.bus.connection.state.kind === 'connected' ? null : 'nats-server is away';
  }

  /** Opens the log and begins to listen. */
  async start(): Promise<void> {
    const { bus, metrics, run } = this.#parts;
    metrics.leader.set(0);
    const values = await bus.openValues(claimsBucket);
    const log = await bus.ensureLog(logStream(run), logSubject(run));
    const follower = new LogFollower(
      log,
      (reason, sequence) =>
        this.#refuse(reason, `entry ${sequence} of the run's log cannot be read`),
      this.#parts.entryReader ?? null,
    );
    const begunBehind = await log.last();
    // A leader has what it read, and is told by its next entry; nobody can lead from half a log.
    await follower.open((error) => {
      if (this.#leader === null) this.#failWith(error);
    });
    const keeper = this.#keeper(values, follower);
    this.#opened = { values, log, follower, keeper, begunBehind };
    bus.subscribe(everyWorkerSubject(run), (data, subject) => this.#receive(data, subject));
    bus.subscribe(controlSubject(run), (data) => this.#receiveControl(data));
    await bus.flush();
    void bus.closed.then((lost) => {
      if (lost !== null) this.#end({ kind: 'failed', code: 'BUS_LOST', message: lost.message });
    });
    this.#parts.prepared.then(
      (prepared) => {
        this.#prepared = prepared;
        const { dataset, totalSteps } = prepared;
        this.#parts.log.info({ dataset, totalSteps }, 'dataset opened');
      },
      (error: unknown) => this.#failWith(error as Error),
    );
  }

  /** Looks at the clock: keeps the claim, lets whoever leads act. */
  tick(): void {
    const now = this.#listen();
    const { bus } = this.#parts;
    if (this.#over) return;
    if (this.#leavingSince !== null) void this.#leaveWhenDue(this.#leavingSince);
    if (this.#over || this.#opened === null) return;
    if (bus.connection.state.kind !== 'connected') {
      this.#wasAway = true;
      return;
    }
    const { keeper } = this.#opened;
    keeper.tick(now);
    const { state } = keeper;
    if (state.kind === 'refused') {
      const { code, message } = state;
      this.#end({ kind: 'failed', code, message: this.#refusal(code, message) });
    } else if (state.kind === 'standing-by') {
      this.#standBy(state.reason);
      const end = this.#endOf(this.#opened);
      if (end !== null) this.#end(end);
    } else if (state.may) this.#actAs(state.fence, now);
  }

  /** Members finish the step they are in, write a checkpoint and end. */
  stop(by: string): void {
    this.#stopBy ??= by;
    this.#leader?.stop(by);
  }

  /**
   * Ends without ending the run: another coordinator, or this one started again, goes on with it. It
   * stays for members that end together with it; asked a second time, for nobody.
   */
  async leave(): Promise<void> {
    if (this.#leavingSince !== null) return this.leaveAtOnce();
    this.#leavingSince = this.#parts.clock.now();
    await this.#leaveWhenDue(this.#leavingSince);
  }

  async leaveAtOnce(): Promise<void> {
    this.#end({ kind: 'left' });
    this.#leader?.close();
    await this.close();
  }

  async #leaveWhenDue(since: Millis): Promise<void> {
    const { clock, grace, log } = this.#parts;
    const { kind, reason } = decideLeave({
      leads: this.#leader !== null && this.#may,
      waited: millis(clock.now() - since),
      grace,
      holders: this.#leader?.holders ?? [],
    });
    if (kind === 'stay') return;
    log.info({ reason }, 'leaves');
    await this.leaveAtOnce();
  }

  /** Gives the name back, and removes what a run that is over needs no more. */
  async close(): Promise<void> {
    const hasLeft = (await this.outcome).kind === 'left';
    if (this.#leader !== null && !hasLeft) await this.#leader.clean();
    this.#leader?.close();
    this.#opened?.follower.close();
    // Whatever cannot be given back is succeeded: this process is about to be dead.
    await this.#opened?.keeper.release().catch(() => undefined);
  }

  /** Time goes on only while somebody could have been heard. */
  #listen(): Millis {
    const awake = this.#awake.now();
    const passed = awake - this.#lookedAt;
    this.#lookedAt = awake;
    if (this.#parts.bus.connection.state.kind === 'connected' && !this.#isDeaf) {
      this.#listened = millis(this.#listened + passed);
    }
    return this.#listened;
  }

  #keeper(values: BusValues, follower: LogFollower): ClaimKeeper {
    const { clock, description, liveness, owner, run, time, token } = this.#parts;
    return new ClaimKeeper({
      values,
      run,
      token,
      jobSha256: description.jobSha256,
      owner,
      liveness,
      clock,
      time,
      leastFence: async () => {
        const record = await values.get(generationKey(run));
        const written = record === null ? 0 : (decodeGeneration(record.data)?.fence ?? 0);
        return Math.max(written, follower.state.fence);
      },
      onFailure: (error) => this.#failWith(error),
    });
  }

  #standBy(reason: string): void {
    if (this.#leader === null) return;
    this.#parts.log.warn({ reason }, 'deposed: another coordinator leads');
    this.#parts.metrics.leader.set(0);
    this.#leader.close();
    this.#leader = null;
  }

  #actAs(fence: number, now: Millis): void {
    if (this.#leader === null) {
      if (!this.#opening && this.#prepared !== null) this.#open(fence, this.#prepared);
      return;
    }
    if (this.#wasAway) this.#leader.cameBack(now);
    this.#wasAway = false;
    this.#leader.tick(now);
  }

  #open(fence: number, prepared: Prepared): void {
    this.#opening = true;
    this.#lead(fence, prepared)
      .catch((error: unknown) => {
        // Tried again at the next look, if it is still this process that leads.
        if (!(error instanceof BusAwayError)) this.#failWith(error as Error);
      })
      .finally(() => {
        this.#opening = false;
      });
  }

  async #lead(fence: number, prepared: Prepared): Promise<void> {
    const { values, log, follower, keeper } = this.#opened as Opened;
    const last = await log.last();
    // Read to its end at a later look.
    if (follower.sequence < last || this.#over) return;
    const { state } = follower;
    const end = this.#endOf(this.#opened as Opened);
    if (end !== null) {
      this.#end(end);
      return;
    }
    // Only the log knows it where this process stood still behind its claim, and its clock with it: what
    // it appends from here on is expected behind the newer leader's entries, and would be taken.
    if (state.fence > fence) {
      this.#depose('a newer leader has written to the log of the run');
      return;
    }
    const silentFor = keeper.silentFor;
    const leader = await RunLeader.open({
      parts: this.#parts,
      prepared,
      fence,
      values,
      log,
      state,
      last,
      now: this.#listened,
      silentFor,
      onDeposed: (reason) => this.#depose(reason),
      onOver: (end) => this.#end(end),
    });
    if (leader === null) {
      this.#depose('a newer leader has written a generation');
      return;
    }
    if (this.#over || keeper.state.kind !== 'leading') {
      leader.close();
      return;
    }
    this.#leader = leader;
    this.#wasAway = false;
    if (this.#stopBy !== null) leader.stop(this.#stopBy);
    const { log: lines, name, sweep } = this.#parts;
    lines.info({ fence, name, recordedSteps: state.recordedSteps }, 'leads the run');
    const swept = await sweep();
    if (swept.length > 0) lines.info({ swept }, 'removed what dead runs left');
  }

  /**
   * The end of the run that this process stood by for, or led until it was succeeded. An end that stood
   * in the log before it began is that of the execution before, where it was started to go on from there.
   */
  #endOf({ follower, keeper, begunBehind }: Opened): RunEnd | null {
    const isOurs =
      !this.#parts.goesOnBehindEnd || keeper.sawAnother || follower.endedAt > begunBehind;
    return isOurs ? follower.state.end : null;
  }

  #depose(reason: string): void {
    this.#opened?.keeper.depose();
    this.#standBy(reason);
  }

  #receive(data: Uint8Array, subject: string): void {
    const leader = this.#leader;
    if (leader === null || !this.#may) return;
    try {
      leader.hear(this.#listen(), senderOf(subject), decodeWorkerMessage(data));
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#refuse(error.reason, `${subject}: ${error.message}`);
    }
  }

  #receiveControl(data: Uint8Array): void {
    try {
      const request = decodeControl(data);
      if (this.#leader === null || !this.#may) return;
      if (request.kind === 'stop') this.#leader.stop(request.by);
      else this.#leader.ask(request);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#refuse(error.reason, error.message);
    }
  }

  /** Whoever stood still asks the store before it believes that it leads. */
  get #may(): boolean {
    const state = this.#opened?.keeper.state;
    return state?.kind === 'leading' && state.may;
  }

  /** A leader that may not act hears nobody: nobody is silent meanwhile. */
  get #isDeaf(): boolean {
    const state = this.#opened?.keeper.state;
    return state?.kind === 'leading' && !state.may;
  }

  #refuse(reason: string, message: string): void {
    this.#parts.metrics.refused.inc({ reason });
    const count = this.#refusals.take(reason);
    if (count !== null) this.#parts.log.warn({ reason, count }, message);
  }

  #refusal(code: string, message: string): string {
    if (code !== 'RUN_LIVE') return message;
    return (
      `Cannot start the job "${this.#parts.run.job}" on this nats-server: ${message}: wait until ` +
      'it has ended, or give the job another metadata.name'
    );
  }

  #failWith(error: Error): void {
    if (this.#over) return;
    const code = codeOf(error);
    this.#parts.log.error({ code, stack: error.stack }, error.message);
    this.#end({ kind: 'failed', code, message: error.message });
  }

  #end(outcome: CoordinatorOutcome | RunEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#settle(outcome);
  }
}
