/**
 * A run as the dashboard shows it, folded from the lines of its history. It grows with what happened and
 * not with the steps, and knows what has changed since it was asked last.
 */
import type {
  HistoryLine,
  HistoryLineOf,
  ProgressLine,
} from '../../../shared/history/history-line.js';
import {
  type PhasesLine,
  phasesKept,
  type RunChange,
  type RunPhase,
  type RunState,
  type ShownMember,
  type StepNumber,
  stepNumbers,
  type TimelineLine,
} from './api.js';
import { type Step, StepSeries } from './step-series.js';

/** Lines of the timeline that are kept: of a run that is killed every minute, a day. */
const timelineMax = 4096;
/** Steps whose mean says how fast it is. */
const recentMax = 32;
/** Steps that one message tells singly: a viewer that needs more asks for the series. */
const changedStepsMax = 512;

export class RunModel {
  readonly id: string;
  readonly series = new StepSeries();
  readonly #timeline: TimelineLine[] = [];
  readonly #phases: PhasesLine[] = [];
  #dropped = 0;
  #head: HistoryLineOf<'history'> | null = null;
  #started: HistoryLineOf<'started'> | null = null;
  #begunAt: string | null = null;
  #changedAt: string | null = null;
  #generation: number | null = null;
  #members: readonly ShownMember[] = [];
  #recent: Step[] = [];
  #committedSteps = 0;
  #metrics: Readonly<Record<string, number>> = {};
  #waitsFor: string | null = null;
  #doing: RunState['doing'] = null;
  #end: RunState['end'] = null;
  #paused: RunState['paused'] = null;
  #draining: readonly string[] = [];
  #changes = noChanges();

  constructor(id: string) {
    this.id = id;
  }

  get timeline(): readonly TimelineLine[] {
    return this.#timeline;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get phases(): readonly PhasesLine[] {
    return this.#phases;
  }

  add(line: HistoryLine | ProgressLine): void {
    this.#changedAt = line.time;
    this.#begunAt ??= line.time;
    this.#changes.any = true;
    switch (line.kind) {
      case 'history':
        this.#head = line;
        return;
      case 'waiting':
        this.#waitsFor = line.reason;
        return;
      case 'evaluating':
      case 'encoding':
        this.#doing = { what: line.kind, done: line.done, total: line.total };
        return;
      case 'committed':
        this.step(stepOf(line));
        return;
      case 'phases':
        this.#phase(line);
        return;
      default:
        this.#happens(line);
        this.#timeline.push(line);
        this.#changes.timeline.push(line);
        if (this.#changes.timeline.length > timelineMax) this.#changes.timeline.shift();
        if (this.#timeline.length > timelineMax) {
          this.#timeline.shift();
          this.#dropped++;
        }
    }
  }

  /** The same for a step whose line was read fast. */
  step(step: Step): void {
    const { committedSteps, time, values } = step;
    this.#changes.any = true;
    this.#waitsFor = null;
    this.#doing = null;
    this.series.add(step);
    this.#committedSteps = committedSteps;
    // Whoever was killed while it stood and then resumed has no line that says that it goes on.
    if (this.#paused !== null && committedSteps > this.#paused.standsAt) this.#paused = null;
    if (time === null) return;
    this.#changedAt = new Date(time).toISOString();
    this.#recent.push(step);
    if (this.#recent.length > recentMax) this.#recent.shift();
    const { steps } = this.#changes;
    if (steps.length < changedStepsMax)
      steps.push({ committed_steps: committedSteps, time, ...values });
  }

  /** @param whose where no line of a file says it */
  own(whose: { readonly run: string; readonly job: string; readonly jobSha256: string }): void {
    this.#head = {
      ...{ kind: 'history', time: '', committed_steps: 0, schema_version: 1 },
      ...{ run: whose.run, job: whose.job, job_sha256: whose.jobSha256 },
    };
  }

  /** What has changed since this was asked last; null where nothing has. */
  takeChange(): RunChange | null {
    if (!this.#changes.any) return null;
    const { steps, timeline, phases, rewoundTo } = this.#changes;
    this.#changes = noChanges();
    return { state: this.state, steps, timeline, phases, rewoundTo };
  }

  get state(): RunState {
    const seconds = sumOf(this.#recent, 'step_seconds');
    const steps = this.#recent.length;
    const stepSeconds = steps === 0 ? null : seconds / steps;
    const perSecond = (total: number): number | null => (seconds > 0 ? total / seconds : null);
    const totalSteps = this.#started?.total_steps ?? 0;
    const lasts = this.#end === null && stepSeconds !== null && totalSteps > 0;
    return {
      id: this.id,
      job: this.#head?.job ?? '',
      run: this.#head?.run ?? '',
      jobSha256: this.#head?.job_sha256 ?? '',
      phase: this.#phaseNow,
      reason: this.#end?.kind === 'failed' ? this.#end.message : this.#waitsFor,
      committedSteps: this.#committedSteps,
      totalSteps,
      loss: this.#recent.at(-1)?.values.loss ?? null,
      metrics: this.#metrics,
      begunAt: this.#begunAt,
      changedAt: this.#changedAt,
      generation: this.#generation,
      members: this.#members,
      stepSeconds,
      sequencesPerSecond: perSecond(sumOf(this.#recent, 'sequences')),
      itemTokensPerSecond: perSecond(sumOf(this.#recent, 'item_tokens')),
      etaSeconds: lasts ? Math.max(0, totalSteps - this.#committedSteps) * stepSeconds : null,
      versions: this.#started && {
        lockstep: this.#started.lockstep_version,
        node: this.#started.node_version,
      },
      doing: this.#doing,
      paused: this.#paused,
      draining: this.#draining,
      end: this.#end,
    };
  }

  get #phaseNow(): RunPhase {
    if (this.#end !== null) {
      if (this.#end.kind === 'failed') return 'failed';
      return this.#end.stopped ? 'stopped' : 'finished';
    }
    if (this.#doing !== null) return 'evaluating';
    if (this.#waitsFor !== null) return 'waiting';
    if (this.#stands) return 'paused';
    return this.#started === null ? 'waiting' : 'training';
  }

  get #stands(): boolean {
    return this.#paused !== null && this.#committedSteps >= this.#paused.standsAt;
  }

  #phase(line: PhasesLine): void {
    this.#phases.push(line);
    if (this.#phases.length > phasesKept) this.#phases.shift();
    this.#changes.phases.push(line);
    if (this.#changes.phases.length > phasesKept) this.#changes.phases.shift();
    this.#generation = line.generation;
    this.#members = line.members.map(({ worker, lanes }) => ({ worker, lanes }));
  }

  #happens(line: TimelineLine): void {
    switch (line.kind) {
      case 'started':
        this.#started = line;
        if (this.#end !== null) this.#paused = null;
        this.#end = null;
        this.#waitsFor = null;
        this.#recent = [];
        this.#join(line.members);
        this.#rewind(line.committed_steps);
        return;
      case 'generation':
        this.#generation = line.generation;
        this.#waitsFor = null;
        this.#join(line.members);
        return;
      case 'evaluated':
        this.#doing = null;
        this.#metrics = metricsOf(line);
        return;
      case 'paused':
        this.#paused = { by: line.by, standsAt: line.stands_at };
        return;
      case 'went_on':
        this.#paused = null;
        return;
      case 'draining':
        this.#draining = [...this.#draining.filter((one) => one !== line.worker), line.worker];
        return;
      case 'finished':
      case 'failed':
        this.#end = line;
        this.#doing = null;
        return;
      default:
        return;
    }
  }

  #join(workers: readonly string[]): void {
    // Whoever has left has done it; whoever comes again is another process.
    this.#draining = this.#draining.filter((worker) => workers.includes(worker));
    this.#members = workers.map((worker) => ({ worker, lanes: null }));
  }

  #rewind(committedSteps: number): void {
    if (committedSteps >= this.#committedSteps) return;
    this.series.rewind(committedSteps);
    this.#committedSteps = committedSteps;
    this.#changes.steps = [];
    this.#changes.rewoundTo = committedSteps;
  }
}

interface Changes {
  any: boolean;
  steps: RunChange['steps'][number][];
  timeline: TimelineLine[];
  phases: PhasesLine[];
  rewoundTo: number | null;
}

const noChanges = (): Changes => ({
  ...{ any: false, steps: [], timeline: [], phases: [], rewoundTo: null },
});

const sumOf = (steps: readonly Step[], name: StepNumber): number =>
  steps.reduce((total, { values }) => total + (values[name] ?? 0), 0);

function stepOf(line: HistoryLineOf<'committed'>): Step {
  const told = stepNumbers.flatMap((name) =>
    line[name] === undefined ? [] : [[name, line[name]]],
  );
  const values = Object.fromEntries(told);
  return { committedSteps: line.committed_steps, time: Date.parse(line.time), values };
}

/** Of the model itself: what popularity would reach is in the timeline. */
function metricsOf({ results }: HistoryLineOf<'evaluated'>): Record<string, number> {
  const own = results.filter(({ model }) => model === 'hllm');
  return Object.fromEntries(
    own.flatMap(({ split, values }) =>
      Object.entries(values).map(([name, value]) => [`${split} ${name}`, value] as const),
    ),
  );
}
