/**
 * Where the time of each member goes, what it does, and what goes over its links, summed over some seconds of
 * steps: enough for whoever looks at a run, and a small part of its log however short its steps are.
 */
import type { WorkerId } from '../../shared/ids.js';
import { linkPairsMembers, linksToldInterval } from '../../shared/limits.js';
import type { PhasesTold } from '../../shared/messages/run-events.js';
import { type Millis, millis } from '../../shared/units.js';
import { LinkSums } from './link-sums.js';
import type { LoggedGeneration } from './run-state.js';
import type { StepReport } from './step-reports.js';

const shortestInterval: Millis = millis(2000);

/** Between two entries: a log grows by no more of them than of the pairs of sixteen members. */
export const phasesInterval = (members: number): Millis =>
  millis(shortestInterval * Math.max(1, members / linkPairsMembers));

type MemberTold = PhasesTold['members'][number];

interface Sums {
  readonly phaseSeconds: Map<string, number>;
  waitSeconds: number;
  /** Null where a report has not told it. */
  work: NonNullable<MemberTold['work']> | null;
}

export class PhaseSums {
  readonly #hostOf: (worker: WorkerId) => string | null;
  #since: Millis;
  #generation: LoggedGeneration | null = null;
  #steps = 0;
  #members = new Map<WorkerId, Sums>();
  /** They go on where the phases are told without them. */
  #links = new LinkSums();
  /** Null: the first ones of a generation are told as soon as they are there. */
  #linksToldAt: Millis | null = null;

  constructor(now: Millis, hostOf: (worker: WorkerId) => string | null) {
    this.#since = now;
    this.#hostOf = hostOf;
  }

  /**
   * Takes the reports of a recorded step.
   *
   * @returns what is to be told now, of this step too unless another generation has trained it; null: later
   */
  add(now: Millis, reports: readonly StepReport[], trained: LoggedGeneration): PhasesTold | null {
    const changes = this.#generation !== null && this.#generation.generation !== trained.generation;
    const before = changes ? this.#take(now) : null;
    if (changes) this.#forgetLinks();
    this.#generation = trained;
    this.#steps++;
    for (const report of reports) this.#sum(report, trained.generation);
    if (changes) return before;
    const interval = phasesInterval(trained.members.length);
    return now - this.#since < interval ? null : this.#take(now);
  }

  #sum({ worker, report, generation, lanes, links, work }: StepReport, trained: number): void {
    const sums = this.#members.get(worker) ?? {
      ...{ phaseSeconds: new Map(), waitSeconds: 0 },
      work: { users: 0, itemTokens: 0, flops: 0 },
    };
    for (const [phase, seconds] of Object.entries(report.phaseSeconds)) {
      sums.phaseSeconds.set(phase, (sums.phaseSeconds.get(phase) ?? 0) + seconds);
    }
    sums.waitSeconds += report.waitSeconds;
    sums.work =
      work === undefined || sums.work === null
        ? null
        : {
            users: lanes.own.reduce((sum, { users }) => sum + users, sums.work.users),
            itemTokens: sums.work.itemTokens + work.itemTokens,
            flops: sums.work.flops + work.flops,
          };
    this.#members.set(worker, sums);
    if (links !== undefined && generation === trained) this.#links.add(worker, links);
  }

  #take(now: Millis): PhasesTold | null {
    const { generation, members } = this.#generation ?? { generation: 0, members: [] };
    const [steps, sums] = [this.#steps, this.#members];
    this.#since = now;
    this.#steps = 0;
    this.#members = new Map();
    if (steps === 0) return null;
    const hasLinks = this.#areLinksDue(now);
    const told = members.flatMap(({ worker, lanes }) => {
      const of = sums.get(worker);
      if (of === undefined) return [];
      const { work } = of;
      const waitSeconds = toMicros(of.waitSeconds);
      const phases = [...of.phaseSeconds].map(([phase, sum]) => [phase, toMicros(sum)] as const);
      const phaseSeconds = Object.fromEntries(phases);
      const carried = hasLinks ? this.#carried(worker, members.length) : {};
      return [{ worker, lanes, phaseSeconds, waitSeconds, ...(work && { work }), ...carried }];
    });
    if (hasLinks) {
      this.#forgetLinks();
      this.#linksToldAt = now;
    }
    return { kind: 'phases', generation, steps, members: told };
  }

  /** Members tell them at different times: the first ones are worth telling when all are there. */
  #areLinksDue(now: Millis): boolean {
    const members = this.#generation?.members ?? [];
    if (this.#linksToldAt !== null) return now - this.#linksToldAt >= linksToldInterval;
    return members.length > 1 && members.every(({ worker }) => this.#links.has(worker));
  }

  #carried(worker: WorkerId, members: number): Pick<MemberTold, 'host' | 'links'> {
    const links = this.#links.of(worker, members);
    const host = this.#hostOf(worker);
    return links === null ? {} : { links, ...(host !== null && { host }) };
  }

  #forgetLinks(): void {
    this.#links = new LinkSums();
    this.#linksToldAt = null;
  }
}

/** Sixteen digits of a sum would be half of a history. */
const toMicros = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
