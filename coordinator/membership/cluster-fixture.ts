/** For tests: a cluster as a leader sees it, put together from few words. */
import { type WorkerId, workerId } from '../../shared/ids.js';
import type { GenerationRecord } from '../../shared/membership/generation-record.js';
import type { Position } from '../../shared/membership/position.js';
import type { WorkerStatus } from '../../shared/messages/cluster/from-worker.js';
import { millis } from '../../shared/units.js';
import { ClusterMemory } from './cluster-memory.js';
import type { ClusterView, WorkersWanted } from './cluster-view.js';
import { decideMembership } from './decide-membership.js';
import type { MembershipDecision } from './membership-decision.js';

export const incarnationOf = (life: number): string => life.toString(16).padStart(16, '0');

export const at = (committedSteps: number, collapses = 0, settled = true): Position => ({
  committedSteps,
  collapses,
  settled,
});

export const wanted: WorkersWanted = { replicas: 2, min: 1, max: 8, lanes: 8, shares: 'even' };

export const status = (changes: Partial<WorkerStatus> = {}): WorkerStatus => ({
  kind: 'status',
  incarnation: incarnationOf(1),
  address: '127.0.0.1:1',
  pid: 1,
  host: 'h',
  phase: 'standing-by',
  fence: 0,
  generation: null,
  position: null,
  checkpoint: null,
  leaving: false,
  trouble: [],
  speed: null,
  ping: 0,
  ...changes,
});

export const facts: ClusterView['facts'] = {
  reportedSteps: 1000,
  hasTrained: true,
  stopping: false,
  stands: false,
  fromSeed: false,
  longestStep: null,
};

/** A leader's memory with a clock that the test turns, and what it decides acted upon. */
export class Cluster {
  memory: ClusterMemory;
  now = millis(0);
  facts: ClusterView['facts'] = { ...facts };
  wanted: WorkersWanted;
  readonly #said = new Map<WorkerId, WorkerStatus>();

  constructor(changes: Partial<WorkersWanted> = {}, record: GenerationRecord | null = null) {
    this.wanted = { ...wanted, ...changes };
    this.memory = new ClusterMemory(this.now, record);
  }

  say(name: string, changes: Partial<WorkerStatus> = {}): void {
    const worker = workerId(name);
    const next = { ...(this.#said.get(worker) ?? status()), ...changes };
    this.#said.set(worker, next);
    this.memory.hear(this.now, worker, next);
  }

  /** Time passes; everyone but these repeats what it has said. */
  pass(milliseconds: number, silent: readonly string[] = []): void {
    for (let left = milliseconds; left > 0; left -= 100) {
      this.now = millis(this.now + Math.min(left, 100));
      for (const [worker, said] of this.#said) {
        if (!silent.includes(worker)) this.memory.hear(this.now, worker, said);
      }
    }
  }

  decide(): MembershipDecision {
    return decideMembership(this.now, this.memory.view(this.facts), this.wanted);
  }

  /** Decides, and does what was decided. */
  act(): MembershipDecision {
    const decision = this.decide();
    if (decision.kind === 'ping') this.memory.suspect(this.now, decision.suspects);
    if (decision.kind === 'form') {
      this.memory.formed(this.now, decision, { ...decision.record, fence: 1 });
    }
    if (decision.kind === 'start') this.memory.started(this.now, { ...decision.record, fence: 1 });
    return decision;
  }

  get record(): GenerationRecord {
    return this.memory.record as GenerationRecord;
  }

  get members(): string[] {
    return this.record.members.map(({ worker }) => worker);
  }

  /** All members do as they should: they pause with this position, get the start, and train. */
  train(position: Position | null = null, others: Record<string, Position | null> = {}): void {
    const { generation: newest } = this.record;
    for (const name of this.members) {
      const own = name in others ? (others[name] ?? null) : position;
      this.say(name, { phase: 'paused', generation: newest, position: own, trouble: [] });
    }
    this.act();
    const reached = this.record.start?.kind === 'state' ? this.record.start.position : at(0);
    for (const name of this.members) {
      this.say(name, { phase: 'training', generation: newest, position: reached });
    }
  }
}

/** So many workers that train since long. */
export function trainingCluster(count: number, changes: Partial<WorkersWanted> = {}): Cluster {
  const cluster = new Cluster({ replicas: count, ...changes });
  for (let index = 0; index < count; index++) cluster.say(`w${index}`);
  cluster.act();
  cluster.train();
  cluster.pass(1000);
  return cluster;
}
