/** For tests: a worker that does what the protocol asks of it, without a thread, a link or a model. */
import type { Bus } from '../../shared/bus.js';
import { type WorkerId, workerId } from '../../shared/ids.js';
import { emptyLanes } from '../../shared/ledger/ledger-record-fixture.js';
import { type GenerationRecord, rankIn } from '../../shared/membership/generation-record.js';
import { firstPosition, type Position } from '../../shared/membership/position.js';
import { decodeLeaderMessage, type Lead } from '../../shared/messages/cluster/from-leader.js';
import {
  encodeWorkerMessage,
  type NumberedReport,
  type WorkerMessage,
  type WorkerReport,
  type WorkerStatus,
} from '../../shared/messages/cluster/from-worker.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { coordinatorSubject, workerSubject } from '../../shared/subjects.js';
import { incarnationOf, status } from '../membership/cluster-fixture.js';
import { emptyPlan, report } from '../run-fixture.js';

export class ScriptedWorker {
  readonly worker: WorkerId;
  readonly incarnation: string;
  readonly #bus: Bus;
  readonly #run: RunAddress;
  status: WorkerStatus;
  lead: Lead | null = null;
  /** How many it has heard. */
  leads = 0;
  outbox: NumberedReport[] = [];
  #number = 0;
  /** Of the generation that it trains in. */
  #lanes = emptyLanes();
  /** Says and hears nothing, as a process that stands still. */
  frozen = false;
  /** Goes on training when a planned generation forms, until `pause` is called. */
  lingers = false;

  constructor(bus: Bus, run: RunAddress, name: string, life = 1) {
    this.#bus = bus;
    this.#run = run;
    this.worker = workerId(name);
    this.incarnation = incarnationOf(life * 1000 + Number(name.replace(/\D/g, '')));
    this.status = status({ incarnation: this.incarnation });
    bus.subscribe(coordinatorSubject(run), (data) => this.#hear(data));
  }

  get phase(): WorkerStatus['phase'] {
    return this.status.phase;
  }

  get steps(): number {
    return this.status.position?.committedSteps ?? 0;
  }

  say(changes: Partial<WorkerStatus> = {}): void {
    this.status = { ...this.status, ...changes };
    this.#send(this.status);
  }

  /** What it repeats: its status, and what is not recorded yet. */
  repeat(): void {
    this.say();
    for (const kept of this.outbox) this.#send(kept);
  }

  report(of: WorkerReport): void {
    const message: NumberedReport = {
      kind: 'report',
      incarnation: this.incarnation,
      number: ++this.#number,
      oldest: this.outbox[0]?.number ?? this.#number,
      generation: this.status.generation ?? 0,
      report: of,
    };
    this.outbox.push(message);
    this.#send(message);
  }

  /** Trains a step. */
  commit(loss?: number): void {
    const step = this.steps;
    const planSha256 = emptyPlan(step).shared.sha256;
    this.report({ kind: 'committed', report: report(step, loss), lanes: this.#lanes, planSha256 });
    this.say({ position: { ...(this.status.position as Position), committedSteps: step + 1 } });
  }

  finish(weightsSha256 = 'a'.repeat(64), stopped = false): void {
    this.report({
      kind: 'finished',
      committedSteps: this.steps,
      finalLoss: 0.5,
      weightsSha256,
      stopped,
      endedEarly: false,
      stage: null,
      best: null,
      checkpoint: null,
    });
    this.say({ phase: 'finished' });
  }

  #hear(data: Uint8Array): void {
    if (this.frozen) return;
    const message = decodeLeaderMessage(data);
    if (message.kind !== 'lead' || message.fence < this.status.fence) return;
    const pinged = message.ping !== this.lead?.ping;
    this.lead = message;
    this.leads++;
    const safe = message.heard.find(
      (one) => one.worker === this.worker && one.incarnation === this.incarnation,
    );
    this.outbox = this.outbox.filter(({ number }) => number > (safe?.number ?? 0));
    const before = this.status;
    this.status = { ...before, fence: message.fence, ping: message.ping };
    if (message.over !== null) {
      this.frozen = true;
      return;
    }
    if (message.generation !== null) this.#follow(message.generation);
    if (pinged || before.phase !== this.status.phase) this.say();
  }

  #follow(record: GenerationRecord): void {
    const own = this.status.generation ?? -1;
    const trains = this.status.phase === 'training';
    if (rankIn(record, this) === null) {
      if (trains && record.planned && (this.lingers || record.start === null)) return;
      if (own >= 0) this.#become({ phase: 'standing-by', generation: null, position: null });
      return;
    }
    if (record.generation > own) {
      if (trains && record.planned && this.lingers) return;
      this.#become({ phase: 'paused', generation: record.generation, trouble: [] });
    }
    if (this.status.phase !== 'paused' || record.start === null) return;
    const { start } = record;
    const position =
      start.kind === 'state'
        ? start.position
        : start.kind === 'seed'
          ? firstPosition
          : { ...firstPosition, committedSteps: start.committedSteps };
    const shares = record.members.map(({ lanes }) => lanes);
    const all = shares.reduce((sum, lanes) => sum + lanes, 0);
    this.#lanes = emptyLanes(shares[rankIn(record, this) as number], all);
    this.#become({ phase: 'training', position });
  }

  #become(changes: Partial<WorkerStatus>): void {
    this.status = { ...this.status, ...changes };
  }

  #send(message: WorkerMessage): void {
    if (this.frozen) return;
    this.#bus.publish(workerSubject(this.#run, this.worker), encodeWorkerMessage(message));
  }
}
