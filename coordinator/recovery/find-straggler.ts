/**
 * The worker that holds up the others: its own compute takes longer than theirs for each of its lanes,
 * step after step.
 */
import type { WorkerId } from '../../shared/ids.js';
import type { ReportedStep } from '../../shared/messages/report-fields.js';

export interface Straggler {
  readonly worker: WorkerId;
  /** Seconds of its compute for a lane of a step, and of the median of the others. */
  readonly seconds: number;
  readonly others: number;
  /** Its phase that is longest beyond the others'. */
  readonly phase: string;
}

export interface StepTimes extends Pick<ReportedStep, 'phaseSeconds' | 'waitSeconds'> {
  /** That it computed of the step. */
  readonly lanes: number;
}

/** Less is the ordinary scatter of a shared machine. */
const slowerFactor = 1.5;

/** Below this nobody would notice. */
const leastSeconds = 0.02;

/** @param recent of each member with lanes, its times of the same steps; each at least one */
export function findStraggler(
  recent: ReadonlyMap<WorkerId, readonly StepTimes[]>,
): Straggler | null {
  if (recent.size < 2) return null;
  const compute = new Map(
    [...recent].map(([worker, times]) => [worker, median(times.map(laneSeconds))]),
  );
  const [worker, seconds] = [...compute].reduce((a, b) => (b[1] > a[1] ? b : a));
  const others = median([...compute].filter(([of]) => of !== worker).map(([, of]) => of));
  if (seconds < slowerFactor * others || seconds - others < leastSeconds) return null;
  return { worker, seconds, others, phase: phaseOf(worker, recent) };
}

/** Without what it waited for peers. */
export const busy = ({ phaseSeconds, waitSeconds }: Omit<StepTimes, 'lanes'>): number =>
  Math.max(0, Object.values(phaseSeconds).reduce((sum, of) => sum + of, 0) - waitSeconds);

const laneSeconds = (times: StepTimes): number => busy(times) / times.lanes;

function phaseOf(worker: WorkerId, recent: ReadonlyMap<WorkerId, readonly StepTimes[]>): string {
  const of = (who: WorkerId, phase: string): number =>
    median(
      (recent.get(who) ?? []).map(({ phaseSeconds, lanes }) => (phaseSeconds[phase] ?? 0) / lanes),
    );
  const others = [...recent.keys()].filter((who) => who !== worker);
  const phases = Object.keys(recent.get(worker)?.[0]?.phaseSeconds ?? {});
  const beyond = (phase: string): number =>
    of(worker, phase) - median(others.map((who) => of(who, phase)));
  return phases.reduce((a, b) => (beyond(b) > beyond(a) ? b : a), phases[0] ?? 'its step');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Steps over which somebody must be slow before it is said. */
const window = 16;

/** Keeps the times of the last steps; names whoever is slow once, and again when it is somebody else. */
export class StragglerWatch {
  readonly #recent = new Map<WorkerId, StepTimes[]>();
  #named: WorkerId | null = null;

  /**
   * @param reports of members with lanes
   * @returns the one to be told of now.
   */
  recorded(
    reports: readonly { readonly worker: WorkerId; readonly report: StepTimes }[],
  ): Straggler | null {
    const workers = new Set(reports.map(({ worker }) => worker));
    for (const worker of this.#recent.keys()) if (!workers.has(worker)) this.#recent.delete(worker);
    for (const { worker, report } of reports) {
      const times = this.#recent.get(worker) ?? [];
      times.push(report);
      if (times.length > window) times.shift();
      this.#recent.set(worker, times);
    }
    if ([...this.#recent.values()].some(({ length }) => length < window)) return null;
    const straggler = findStraggler(this.#recent);
    if (straggler === null) {
      this.#named = null;
      return null;
    }
    if (straggler.worker === this.#named) return null;
    this.#named = straggler.worker;
    return straggler;
  }

  get named(): WorkerId | null {
    return this.#named;
  }
}

export function stragglerText({ worker, seconds, others, phase }: Straggler): string {
  const [own, theirs] = [seconds, others].map((of) => `${Number(of.toPrecision(3))} s`);
  return `${worker} holds up the others: a lane of a step takes it ${own} of computing, and them ${theirs}, most of it in "${phase}"`;
}
