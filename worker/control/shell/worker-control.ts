/**
 * A worker's main thread. It hears the leader, its training thread and its links, asks `next` what
 * follows, and does that. It computes nothing, so it is never late; it reads no clock but its own and
 * sets no timer: whoever runs it calls `tick`.
 */
import type { MessagePort } from 'node:worker_threads';
import { AwakeClock } from '../../../shared/awake-clock.js';
import { codeOf, exitCodeOf } from '../../../shared/exit-codes.js';
import { generation as generationOf } from '../../../shared/ids.js';
import { heartbeatInterval, longestTick, peerTimeout } from '../../../shared/limits.js';
import { type GenerationRecord, rankIn } from '../../../shared/membership/generation-record.js';
import { decodeLeaderMessage, type Lead } from '../../../shared/messages/cluster/from-leader.js';
import type { WorkerStatus } from '../../../shared/messages/cluster/from-worker.js';
import { MalformedMessageError } from '../../../shared/messages/guard.js';
import { Refusals } from '../../../shared/messages/refusals.js';
import type { FoundCheckpoint } from '../../../shared/messages/report-fields.js';
import { coordinatorSubject } from '../../../shared/subjects.js';
import { millis } from '../../../shared/units.js';
import { linkLimit, plannedLinkLimit, standstill } from '../situation/limits.js';
import { next } from '../situation/next-situation.js';
import { generationOf as generationOfSituation, statusOf } from '../situation/status-of.js';
import type { Action, WorkerEvent } from '../situation/worker-event.js';
import { firstWorker, type Worker, type WorkerEnd } from '../situation/worker-situation.js';
import type { FoundRun } from './find-run.js';
import { failureOf } from './report-of.js';
import { RunWatch } from './run-watch.js';
import { TrainingSide } from './training-side.js';
import { Voice } from './voice.js';
import type { PrepareRequest, WorkerControlParts } from './worker-parts.js';

export class WorkerControl {
  readonly #parts: WorkerControlParts;
  readonly #clock: AwakeClock;
  readonly end: Promise<WorkerEnd>;
  #settle: (end: WorkerEnd) => void = () => undefined;
  #worker: Worker;
  /** Events that came while another was being acted upon. */
  readonly #events: WorkerEvent[] = [];
  #isHearing = false;
  readonly #voice: Voice;
  readonly #refusals = new Refusals();
  readonly #watch: RunWatch;
  #found: FoundRun | null = null;
  #training: TrainingSide | null = null;
  /** Whose members were linked last. */
  #linked: GenerationRecord | null = null;
  /** Of the generation that is to be entered. */
  #port: MessagePort | null = null;
  #checkpoint: FoundCheckpoint | null = null;
  #lead: Lead | null = null;
  /** Of the newest generation that was seen to begin. */
  #trains: GenerationRecord['members'] = [];
  /** Number of the report of its failure. */
  #failure: number | null = null;
  #lookedAt: number;
  /** When it said last that what it copies grows. */
  #copiedAt = millis(0);

  constructor(parts: WorkerControlParts) {
    this.#parts = parts;
    this.#clock = new AwakeClock(parts.clock, longestTick);
    this.#lookedAt = parts.clock.now();
    const { bus, grace, incarnation, worker } = parts;
    this.#worker = firstWorker({ worker, incarnation, grace }, this.#clock.now());
    this.#voice = new Voice({ bus, worker, incarnation, now: () => this.#clock.now() });
    this.#watch = new RunWatch({
      ...parts,
      onRun: (found) => this.#join(found),
      hear: (event) => this.#hear(event),
    });
    this.end = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Where it stands, for people and tests. */
  get worker(): Worker {
    return this.#worker;
  }

  get unhealthy(): string | null {
    const { kind } = this.#worker.situation;
    return kind === 'failed' || kind === 'over' ? 'the worker ends' : null;
  }

  /** Null while it trains or stands by. */
  get unready(): string | null {
    const { kind } = this.#worker.situation;
    if (kind === 'idle') return 'waits for a run of its job';
    return kind === 'joining' ? 'opens dataset and engine' : this.unhealthy;
  }

  start(): void {
    const { bus, links } = this.#parts;
    links.onTrouble(({ generation, peer, how, detail }) => {
      const record = this.#linked?.generation === generation ? this.#linked : null;
      const name = record?.members[peer]?.worker;
      if (name === undefined) return;
      this.#hear({ kind: 'link-trouble', generation, trouble: { worker: name, how, detail } });
    });
    void bus.closed.then((lost) => {
      if (lost !== null) this.abort(lost.message, lost.code);
    });
    this.tick();
  }

  /** Looks at the clock. To be called every `tickInterval`. */
  tick(): void {
    if (this.#isOver) return;
    this.#lookWhetherItStood();
    this.#hear({ kind: 'tick' });
    const { situation, known } = this.#worker;
    if (situation.kind === 'idle') this.#watch.lookForRun();
    else this.#watch.lookIntoLog(this.#clock.now(), known);
    const stuck = this.#training?.tick() ?? null;
    if (stuck !== null) this.#notice(stuck);
    this.#voice.tick();
  }

  /** Asked before any word is heard: what waited in sockets may come before the timer. */
  #lookWhetherItStood(): void {
    const reading = this.#parts.clock.now();
    const after = millis(reading - this.#lookedAt);
    this.#lookedAt = reading;
    if (after >= standstill) this.#hear({ kind: 'woke', after });
  }

  /** Asked to end in order. */
  drain(): void {
    this.#hear({ kind: 'drain' });
  }

  abort(reason: string, code = 'ABORTED'): void {
    if (this.#isOver) return;
    this.#parts.tell({ kind: 'failed', code, message: reason, ...this.#steps });
    this.#hear({ kind: 'abort', reason });
  }

  /** Ends the training thread; false where native code would not return. */
  async close(withinMs: number): Promise<boolean> {
    return (await this.#training?.close(withinMs)) ?? true;
  }

  #hear(event: WorkerEvent): void {
    this.#events.push(event);
    if (this.#isHearing) return;
    this.#isHearing = true;
    try {
      for (let first = this.#events.shift(); first !== undefined; first = this.#events.shift()) {
        const before = this.#worker.situation.kind;
        const { worker, actions } = next(this.#worker, first, this.#clock.now());
        this.#worker = worker;
        const { kind } = worker.situation;
        this.#parts.metrics.situated(kind, generationOfSituation(worker.situation));
        if (kind !== before) this.#parts.log.info({ event: first.kind, before }, `now ${kind}`);
        for (const action of actions) this.#act(action);
        if (first.kind === 'copy-moved') this.#sayThatItCopies();
      }
    } finally {
      this.#isHearing = false;
    }
    if (this.#found !== null && !this.#isOver) this.#voice.speak(this.#status());
  }

  /** A leader leaves out whoever copies and gets nothing. */
  #sayThatItCopies(): void {
    const { situation } = this.#worker;
    const now = this.#clock.now();
    if (situation.kind !== 'copying' || now - this.#copiedAt < heartbeatInterval) return;
    this.#copiedAt = now;
    const { incarnation } = this.#parts;
    const { generation } = situation;
    this.#voice.say({
      ...{ kind: 'progress', incarnation, generation, doing: 'copying', done: 0, total: 0 },
    });
  }

  get #isOver(): boolean {
    return this.#worker.situation.kind === 'over';
  }

  get #steps() {
    return { committedSteps: this.#worker.known.position?.committedSteps ?? 0 };
  }

  #act(action: Action) {
    const { kill, links, permit } = this.#parts;
    const training = this.#training;
    switch (action.kind) {
      case 'prepare':
        return void this.#prepare();
      case 'look':
        return void this.#look();
      case 'revoke-permit':
        return permit.withdraw();
      case 'renew-permit':
        return permit.renew();
      case 'warm-up':
        return training?.warmUp(action.committedSteps);
      case 'load':
        return this.#load(action.committedSteps);
      case 'copy':
        return training?.copy(action);
      case 'cancel-copy':
        return training?.cancelCopy(action.copy);
      case 'prepare-generation':
        return this.#prepareGeneration(action.record);
      case 'forget-generation':
        training?.forgetPlanned();
        return links.drop(generationOf(action.generation), 'the generation never began');
      case 'connect':
        return this.#connect(action.record);
      case 'drop-links':
        return links.drop(generationOf(action.generation), 'the generation is over');
      case 'enter':
        return this.#enter(action.record);
      case 'change':
        return training?.change(action.generation);
      case 'abort-training':
        return training?.abort(action.generation, action.reason);
      case 'stop-training':
        return training?.stop();
      case 'tell-pause':
        return training?.tellPause(action.paused);
      case 'write-checkpoint':
        return training?.writeCheckpoint(action.steps);
      case 'save':
        permit.forLast(this.#parts.grace);
        return training?.save();
      case 'notice':
        return this.#notice(action.text);
      case 'kill':
        this.#voice.end();
        return kill(action.reason);
      case 'end':
        this.#voice.end();
        return this.#settle(action.end);
    }
  }

  #join(found: FoundRun): void {
    if (this.#worker.situation.kind !== 'idle') return;
    this.#found = found;
    this.#voice.join(found.run);
    this.#parts.bus.subscribe(coordinatorSubject(found.run), (data) => this.#receive(data));
    this.#hear({ kind: 'run-found' });
  }

  get #request(): PrepareRequest {
    if (this.#found === null) throw new Error('A run must be found before it is prepared');
    return {
      ...this.#found,
      requestFiles: (digest) => this.#voice.wantFiles(digest),
      notice: (text) => this.#notice(text),
    };
  }

  async #prepare(): Promise<void> {
    const request = this.#request;
    try {
      const prepared = await this.#parts.prepare(request);
      if (this.#isOver) return;
      this.#training = new TrainingSide({
        ...this.#parts,
        ...{ run: request.run, prepared },
        hear: (event) => this.#hear(event),
        report: (generation, report) => {
          this.#voice.report(generation, report);
          this.#training?.hold(this.#voice.isFull);
        },
        progress: (progress) => this.#voice.say(progress),
        onRefused: (error, subject) => this.#refuse(error, subject),
        onFailure: (code, error) => this.#fail(code, error),
        onCheckpoint: (checkpoint) => {
          this.#checkpoint = checkpoint;
        },
      });
    } catch (error) {
      this.#fail(codeOf(error), error as Error);
    }
  }

  async #look(): Promise<void> {
    try {
      const lead = this.#lead;
      const recordedSteps = lead?.hasTrained === true ? lead.recordedSteps : null;
      this.#checkpoint = await this.#parts.findCheckpoint(this.#request, recordedSteps);
      this.#hear({ kind: 'looked' });
    } catch (error) {
      this.#fail(codeOf(error), error as Error);
    }
  }

  #load(committedSteps: number | null): void {
    const found = this.#checkpoint;
    if (committedSteps === null) {
      this.#training?.load({ kind: 'seed' });
    } else if (found?.committedSteps === committedSteps) {
      this.#training?.load({ kind: 'checkpoint', path: found.path });
    } else {
      const message = `Cannot go on from the checkpoint of ${committedSteps} steps: the newest one here is ${found?.path ?? 'none'}`;
      this.#fail('CHECKPOINT_MISSING', new Error(message));
    }
  }

  #prepareGeneration(record: GenerationRecord): void {
    const { generation, members } = record;
    const rank = rankIn(record, this.#parts);
    if (rank === null) throw new Error(`It is no member of generation ${generation}`);
    const own = this.#worker.known.position?.committedSteps ?? 0;
    this.#training?.prepare(record, rank, Math.max(own, this.#lead?.recordedSteps ?? 0));
    if (members.length === 1) return;
    // Where its start is known, that is what it copies or loads.
    if (this.#worker.known.position === null && record.start === null) this.#prepareCopy(record);
    const addresses = members.map(({ address }) => address);
    this.#parts.links.prepare({ generation, rank, addresses, deadline: peerTimeout });
  }

  /** From whom its state will be copied: as `startFrom` chooses, of those that train. */
  #prepareCopy({ members }: GenerationRecord): void {
    const holder = members.findLast(
      ({ incarnation, worker }) =>
        worker !== this.#parts.worker &&
        this.#trains.some((one) => one.worker === worker && one.incarnation === incarnation),
    );
    if (holder !== undefined) this.#training?.prepareCopy(holder.address);
  }

  #connect(record: GenerationRecord): void {
    const { links, log } = this.#parts;
    const { generation, members } = record;
    this.#port = null;
    this.#linked = record;
    const rank = rankIn(record, this.#parts);
    if (rank === null) throw new Error(`It is no member of generation ${generation}`);
    if (members.length === 1) {
      this.#hear({ kind: 'linked', generation });
      return;
    }
    const addresses = members.map(({ address }) => address);
    const connectDeadline = record.planned ? plannedLinkLimit : linkLimit;
    const deadlines = { deadline: peerTimeout, connectDeadline };
    links.connect({ generation, rank, addresses, ...deadlines }).then(
      (port) => {
        const { situation } = this.#worker;
        if (situation.kind === 'linking' && situation.record.generation === generation) {
          this.#port = port;
          this.#hear({ kind: 'linked', generation });
        } else port.close();
      },
      // Whom it misses is told as trouble; nobody is missed in what was dropped.
      (error: Error) => log.debug({ code: codeOf(error), generation }, error.message),
    );
  }

  #enter(record: GenerationRecord): void {
    const { position } = this.#worker.known;
    const rank = rankIn(record, this.#parts);
    if (rank === null || position === null) throw new Error('It enters without a state');
    this.#training?.enter(record, rank, this.#port, position);
    this.#port = null;
  }

  #notice(text: string): void {
    const { log, tell } = this.#parts;
    log.warn({}, text);
    tell({ kind: 'notice', text });
    this.#voice.report(this.#worker.known.entered ?? 0, { kind: 'notice', text });
  }

  #fail(code: string, { message, stack = '' }: { message: string; stack?: string }): void {
    const { kind } = this.#worker.situation;
    if (kind === 'failed' || kind === 'over') return;
    const { log, tell } = this.#parts;
    log.error({ code, stack }, message);
    tell({ kind: 'failed', code, message, ...this.#steps });
    const report = failureOf({ code, message, stack, ...this.#steps });
    this.#failure = this.#voice.report(this.#worker.known.entered ?? 0, report);
    this.#hear({ kind: 'failed', end: { code: exitCodeOf(code), reason: message } });
  }

  #status(): WorkerStatus {
    const { host, incarnation, links, pid, secretMark } = this.#parts;
    return {
      kind: 'status',
      ...{ incarnation, pid, host },
      address: links.address,
      ...statusOf(this.#worker),
      secret: secretMark,
      checkpoint: this.#checkpoint,
      speed: this.#training?.lanesPerSecond ?? null,
      ping: this.#lead?.ping ?? 0,
    };
  }

  #receive(data: Uint8Array): void {
    if (this.#isOver) return;
    this.#lookWhetherItStood();
    try {
      const message = decodeLeaderMessage(data);
      if (message.kind === 'lead') this.#follow(message);
      else this.#voice.hearFiles(message.digest, message.files);
    } catch (error) {
      if (error instanceof MalformedMessageError) this.#refuse(error, 'the coordinator');
      else this.#fail(codeOf(error), error as Error);
    }
  }

  #follow(lead: Lead): void {
    if (lead.fence < this.#worker.known.fence) return;
    this.#lead = lead;
    if (lead.generation !== null && lead.generation.start !== null) {
      this.#trains = lead.generation.members;
    }
    this.#parts.permit.heard();
    this.#voice.hear(lead);
    this.#training?.hold(this.#voice.isFull);
    this.#hear({ kind: 'lead', lead });
    if (this.#failure !== null && this.#voice.isRecorded(this.#failure)) {
      this.#hear({ kind: 'failure-heard' });
    }
  }

  #refuse(error: MalformedMessageError, from: string): void {
    const { reason } = error;
    this.#parts.metrics.refused.inc({ reason });
    const count = this.#refusals.take(reason);
    if (count !== null) this.#parts.log.warn({ from, reason, count }, error.message);
  }
}
