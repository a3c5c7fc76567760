/**
 * Compares a ledger with what job and dataset say should be in it. It is told the lines one by one, and
 * keeps a number for each user and a few for each step.
 */
import type { Step } from '../../ids.js';
import type { Stage } from '../../plan/stages.js';
import { decodeUsers, usersDigest } from '../lane-users.js';
import type { LedgerBegins, LedgerLine } from '../ledger-line.js';
import type { LedgerRecord, StateHash } from '../ledger-record.js';
import { Differences } from './differences.js';
import { EpochAudit, type EpochSummary } from './epoch-audit.js';
import { SeenSteps } from './seen-steps.js';
import { StepOrder } from './step-order.js';

/** A plan as it would be published today. */
export interface RecomputedPlan {
  readonly sha256: string;
  /** By lane. */
  readonly lanes: readonly Int32Array[];
}

export interface AuditExpectation {
  readonly owner: Pick<LedgerBegins, 'run' | 'job_sha256'>;
  /** V. */
  readonly lanes: number;
  readonly stages: readonly Stage[];
  /** Of the training part of the dataset. [users + 1] */
  readonly sequenceOffsets: Uint32Array;
  /** Null where plans are not to be compared. */
  readonly planOf: ((step: Step) => RecomputedPlan) | null;
  /** The step whose state hash is wanted; null for none. */
  readonly hashOf: number | null;
}

export interface AuditSummary extends EpochSummary {
  /** Recorded, each counted once. */
  readonly steps: number;
  /** Of the job. */
  readonly totalSteps: number;
  /** Memberships that the steps were trained by. */
  readonly generations: number;
  /** Times that training went back to an older state. */
  readonly resumed: number;
  /** Records of steps that were trained again. */
  readonly trainedAgain: number;
  readonly members: readonly string[];
  /** Plans that were recomputed and are equal. */
  readonly plans: number;
  /** Of the step that was asked for; null where it is not recorded. */
  readonly stateHash: StateHash | null;
}

export class LedgerAudit {
  readonly differences = new Differences();
  readonly #expected: AuditExpectation;
  readonly #order = new StepOrder(this.differences);
  readonly #epochs: EpochAudit;
  readonly #seen = new SeenSteps();
  readonly #members = new Set<string>();
  /** Of the record before; null behind a line that training began again. */
  #before: Pick<LedgerRecord, 'generation' | 'fence'> | null = null;
  #generations = 0;
  #trainedAgain = 0;
  #plans = 0;
  #stateHash: StateHash | null = null;

  constructor(expected: AuditExpectation) {
    this.#expected = expected;
    this.#epochs = new EpochAudit({ ...expected, differences: this.differences });
  }

  /** Of the job. */
  get totalSteps(): number {
    return this.#expected.stages.at(-1)?.end ?? 0;
  }

  line(line: LedgerLine): void {
    if (line.kind === 'ledger') {
      this.#checkOwner(line);
    } else if (line.kind === 'resumed') {
      this.#before = null;
      if (this.#order.resume(line.committed_steps)) this.#epochs.missed();
    } else {
      this.#step(line.record);
    }
  }

  /** After the last line. */
  end(): AuditSummary {
    const steps = this.#order.recorded;
    return {
      ...this.#epochs.end(steps),
      steps,
      totalSteps: this.totalSteps,
      generations: this.#generations,
      resumed: this.#order.resumed,
      trainedAgain: this.#trainedAgain,
      members: [...this.#members].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
      plans: this.#plans,
      stateHash: this.#stateHash,
    };
  }

  #checkOwner({ run, job_sha256 }: LedgerBegins): void {
    const { owner } = this.#expected;
    if (run !== owner.run) {
      this.differences.add('owner', null, `a file belongs to the run ${run}, not to ${owner.run}`);
    }
    if (job_sha256 !== owner.job_sha256) {
      const text = `a file belongs to the job ${job_sha256}, not to ${owner.job_sha256}`;
      this.differences.add('owner', null, text);
    }
  }

  #step(record: LedgerRecord): void {
    const place = this.#order.step(record.step);
    if (record.step === this.#expected.hashOf) this.#stateHash = record.stateHash;
    this.#checkMembers(record);
    const lanes = record.lanes.map(({ users }) => decodeUsers(users) as Int32Array);
    this.#checkLanes(record, lanes);
    if (place === 'again') {
      this.#compareWithBefore(record);
      return;
    }
    if (place === 'behind-a-gap') this.#epochs.missed();
    this.#seen.keep(record);
    this.#epochs.train(record.step, record.epoch, lanes);
    this.#comparePlan(record, lanes);
  }

  #checkMembers(record: LedgerRecord): void {
    const { step, generation, fence, members, reporters } = record;
    for (const worker of members) this.#members.add(worker);
    const before = this.#before;
    this.#before = { generation, fence };
    if (generation !== before?.generation) this.#generations++;
    if (before !== null && (generation < before.generation || fence < before.fence)) {
      const text =
        `it is of generation ${generation} and fence ${fence}, behind generation ` +
        `${before.generation} and fence ${before.fence}`;
      this.differences.add('members', step, text);
    }
    const stranger = reporters.find((worker) => !members.includes(worker));
    if (stranger === undefined) return;
    this.differences.add('members', step, `${stranger} reported it and is no member`);
  }

  #checkLanes(record: LedgerRecord, users: readonly Int32Array[]): void {
    const { step, lanes, members, stateHash } = record;
    const { differences } = this;
    if (lanes.length !== this.#expected.lanes) {
      const text = `it has ${lanes.length} lanes: the job has ${this.#expected.lanes}`;
      differences.add('lanes', step, text);
    }
    for (const [lane, { owner, digest }] of lanes.entries()) {
      if (owner >= members.length) {
        differences.add('lanes', step, `lane ${lane} has no member that trained it`);
      }
      const should = usersDigest(users[lane] as Int32Array);
      if (digest === should) continue;
      const text = `lane ${lane}: the members' digest ${digest} is not that of its users, ${should}`;
      differences.add('digest', step, text);
    }
    if (stateHash.from >= stateHash.to)
      differences.add('state', step, 'its state hash is of nothing');
  }

  #compareWithBefore(record: LedgerRecord): void {
    this.#trainedAgain++;
    const differs = this.#seen.compare(record);
    if (differs === null) return;
    const texts = {
      users: 'it was trained again, on other users than before',
      plan: 'it was trained again, on another plan than before',
      state: 'it was trained again, and another state came of it',
    };
    this.differences.add('trained-again', record.step, texts[differs]);
  }

  #comparePlan({ step, planSha256 }: LedgerRecord, lanes: readonly Int32Array[]): void {
    const { planOf } = this.#expected;
    if (planOf === null || step >= this.totalSteps) return;
    const plan = planOf(step as Step);
    const lane = plan.lanes.findIndex((users, index) => !sameUsers(users, lanes[index]));
    if (plan.sha256 !== planSha256) {
      const text = `its plan has SHA-256 ${planSha256}: job and dataset give ${plan.sha256}`;
      this.differences.add('plan', step, text);
    } else if (lane >= 0) {
      const text = `lane ${lane}: its users are not those of the plan that job and dataset give`;
      this.differences.add('plan', step, text);
    } else {
      this.#plans++;
    }
  }
}

const sameUsers = (a: Int32Array, b: Int32Array | undefined): boolean =>
  a.length === b?.length && a.every((user, index) => user === b[index]);
