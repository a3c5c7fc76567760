/**
 * What a ledger comes to, line by line: which steps are recorded, how many sequences they trained, and
 * whether an epoch has trained a user more often than the one before it. It needs no dataset, so it cannot
 * know who is missing from the first epoch: `lockstep audit` does.
 */
import type { LedgerLine } from '../../../shared/ledger/ledger-line.js';
import type { LedgerRecord } from '../../../shared/ledger/ledger-record.js';
import type { LedgerEpoch, LedgerState } from '../data/api.js';
import { UserCounts } from './user-counts.js';

export interface FoldedJob {
  /** Epochs are counted anew in each, and nothing in a record says where one begins. */
  readonly hasStages: boolean;
  /** A user has one sequence an epoch at most: histories are not cut into several. */
  readonly oncePerUser: boolean;
}

/** Findings that are told; all are counted. */
const problemsKept = 20;
/** The newest ones are told; all are counted. */
const epochsKept = 12;
/** Steps behind the newest one that a resumed run may train again, with what is compared of each. */
const seenMax = 8192;

interface OpenEpoch {
  readonly epoch: number;
  readonly firstStep: number;
  readonly counts: UserCounts;
  steps: number;
  /** False where a step of it is missing, so that nobody can tell who is. */
  isWhole: boolean;
}

export class LedgerFold {
  readonly #job: FoldedJob;
  readonly #problems: string[] = [];
  readonly #epochs: LedgerEpoch[] = [];
  /** What was trained, by step. */
  readonly #seen = new Map<number, string>();
  #problemsCount = 0;
  /** The step that is due, and the one behind the newest. */
  #next = 0;
  #end = 0;
  #steps = 0;
  #sequences = 0;
  #resumed = 0;
  #trainedAgain = 0;
  #wholeEpochs = 0;
  #open: OpenEpoch | null = null;
  /** Of the last whole epoch. */
  #before: UserCounts | null = null;

  constructor(job: FoldedJob) {
    this.#job = job;
  }

  line(line: LedgerLine): void {
    if (line.kind === 'step') this.#record(line.record);
    else if (line.kind === 'resumed') this.#resume(line.committed_steps);
  }

  /** Something that is no line of a ledger, or no whole one. */
  found(problem: string): void {
    this.#problemsCount++;
    if (this.#problems.length < problemsKept) this.#problems.push(problem);
  }

  /** @param isBehind whether there is more that was not read yet */
  state(isBehind: boolean): LedgerState {
    const open = this.#open === null ? [] : [this.#told(this.#open, this.#stateOf(this.#open))];
    const isOver = open.some((epoch) => epoch.state === 'whole');
    return {
      steps: this.#steps,
      sequences: this.#sequences,
      resumed: this.#resumed,
      trainedAgain: this.#trainedAgain,
      wholeEpochs: this.#wholeEpochs + (isOver ? 1 : 0),
      epochs: this.#job.hasStages ? null : [...this.#epochs, ...open].slice(-epochsKept),
      problems: [...this.#problems],
      problemsCount: this.#problemsCount,
      isBehind,
    };
  }

  #resume(committedSteps: number): void {
    this.#resumed++;
    if (committedSteps > this.#end) this.#miss(this.#end, committedSteps);
    this.#next = committedSteps;
    this.#end = Math.max(this.#end, committedSteps);
  }

  #record(record: LedgerRecord): void {
    const { step } = record;
    if (step < this.#end) {
      this.#again(record);
      return;
    }
    if (step > this.#end) this.#miss(this.#end, step);
    this.#next = step + 1;
    this.#end = step + 1;
    this.#steps++;
    this.#keep(record);
    const open = this.#enter(record);
    open.steps++;
    for (const { users } of record.lanes) this.#train(step, users, open);
  }

  /** A step that is recorded already: once more where training went back, and a finding elsewhere. */
  #again(record: LedgerRecord): void {
    const { step } = record;
    if (step !== this.#next) {
      this.found(`step ${step} is recorded again, and nothing says that training went back to it`);
    } else {
      this.#trainedAgain++;
    }
    this.#next = step + 1;
    const before = this.#seen.get(step);
    if (before !== undefined && before !== keyOf(record)) {
      this.found(`step ${step} was trained again, and something else came of it`);
    }
  }

  #miss(from: number, to: number): void {
    const which = to - from === 1 ? `step ${from}` : `steps ${from} to ${to - 1}`;
    this.found(`${which}: not recorded`);
    if (this.#open !== null) this.#open.isWhole = false;
  }

  #keep(record: LedgerRecord): void {
    this.#seen.set(record.step, keyOf(record));
    this.#seen.delete(record.step - seenMax);
  }

  #train(step: number, users: string, { counts, epoch }: OpenEpoch): void {
    const bytes = Buffer.from(users, 'base64');
    this.#sequences += bytes.length >> 2;
    if (this.#job.hasStages) return;
    const again: number[] = [];
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      const user = bytes.readUInt32LE(at);
      const count = counts.take(user);
      if (count > this.#most(user)) again.push(user);
    }
    if (again.length === 0) return;
    const who = again.length === 1 ? `user ${again[0]}` : `${again.length} users`;
    this.found(
      `step ${step}: ${who} trained more often in epoch ${epoch} than there are sequences`,
    );
  }

  /** Sequences that a user can have in an epoch, as far as is known. */
  #most(user: number): number {
    if (this.#job.oncePerUser) return 1;
    return this.#before?.of(user) ?? Number.POSITIVE_INFINITY;
  }

  #enter({ epoch, step }: LedgerRecord): OpenEpoch {
    const open = this.#open;
    if (open?.epoch === epoch) return open;
    if (open !== null) this.#close(open);
    // Whoever begins in the middle of an epoch has not seen all of it.
    const isWhole = step === 0 || open?.epoch === epoch - 1;
    this.#open = { epoch, firstStep: step, counts: new UserCounts(), steps: 0, isWhole };
    return this.#open;
  }

  #close(open: OpenEpoch): void {
    if (this.#job.hasStages) return;
    const missing = open.isWhole && this.#before !== null ? open.counts.missing(this.#before) : 0;
    if (missing > 0) {
      const who = missing === 1 ? '1 sequence' : `${missing} sequences`;
      this.found(`epoch ${open.epoch}: ${who} of the epoch before not trained`);
    }
    this.#epochs.push(this.#told(open, open.isWhole ? 'whole' : 'partial'));
    if (this.#epochs.length > epochsKept) this.#epochs.shift();
    if (!open.isWhole) return;
    this.#wholeEpochs++;
    this.#before = open.counts;
  }

  /** Nothing says that the last epoch is over but that it has trained what the one before has. */
  #stateOf({ counts, isWhole }: OpenEpoch): LedgerEpoch['state'] {
    const before = this.#before;
    if (!isWhole || before === null || counts.total !== before.total) return 'open';
    return counts.missing(before) === 0 ? 'whole' : 'open';
  }

  #told({ counts, epoch, firstStep, steps }: OpenEpoch, state: LedgerEpoch['state']): LedgerEpoch {
    const expected = this.#before?.total ?? null;
    return { epoch, firstStep, steps, sequences: counts.total, expected, state };
  }
}

/** What must be the same when a step is trained again. */
const keyOf = ({ planSha256, stateHash }: LedgerRecord): string =>
  `${planSha256.slice(0, 16)} ${stateHash.from} ${stateHash.value}`;
