/** What a live view knows of a run, gathered from its events. Reads no clock. */
import type { ShownEvent, ShownStep } from '../../../shared/history/shown-event.js';
import { printable } from '../text/printable.js';

type PhasesTold = Extract<ShownEvent, { kind: 'phases' }>;
export type MemberTimes = PhasesTold['members'][number];

export type Doing =
  | { readonly kind: 'training' }
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'paused'; readonly by: string }
  /** Work that is no step, of which the share that is done is known. */
  | {
      readonly kind: 'evaluating' | 'encoding';
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'over' };

export interface LiveRate {
  readonly secondsPerStep: number;
  readonly usersPerSecond: number;
  readonly tokensPerSecond: number;
}

/** Points of the line of losses. */
const usualLosses = 40;
/** Steps that the rate is averaged over: enough to be calm, few enough to show a change. */
const rateWindow = 20;

export class LiveState {
  doing: Doing = { kind: 'waiting', reason: 'starting' };
  totalSteps = 0;
  committedSteps = 0;
  last: ShownStep | null = null;
  /** Of the newest steps, the newest last. */
  readonly losses: number[] = [];
  /** By rank. */
  members: readonly string[] = [];
  /** Null before it is known. */
  generation: number | null = null;
  /** Of the newest steps of which it was told; empty before. */
  times: readonly MemberTimes[] = [];
  recoveries = 0;
  /** Of steps that are like the ones to come. */
  #recent: { readonly seconds: number; readonly users: number; readonly tokens: number }[] = [];
  /** The first step of a membership also loads what all others use. */
  #isFirst = true;
  #paused: { readonly by: string; readonly standsAt: number } | null = null;
  readonly #lossesKept: number;

  constructor(lossesKept = usualLosses) {
    this.#lossesKept = lossesKept;
  }

  take(event: ShownEvent): void {
    switch (event.kind) {
      case 'started':
        // Steps are gone over again, or another run begins: what is drawn is of the new ones.
        if (event.firstStep < this.committedSteps) this.#forget();
        this.totalSteps = event.totalSteps;
        this.committedSteps = event.firstStep;
        this.#formed(event.members);
        break;
      case 'generation':
        this.generation = event.generation;
        this.#formed(event.members);
        break;
      case 'phases':
        this.#timed(event);
        break;
      case 'committed':
        this.#committed(event.report, event.seconds);
        break;
      case 'recovered':
        if (!event.planned) this.recoveries++;
        break;
      case 'rolled-back':
        this.committedSteps = event.rolledBackTo;
        break;
      case 'waiting':
        this.doing = { kind: 'waiting', reason: event.reason };
        break;
      case 'evaluating':
      case 'encoding':
        this.doing = event;
        break;
      case 'validated':
        this.#trainsOrStands();
        break;
      case 'paused':
        this.#paused = event;
        this.#trainsOrStands();
        break;
      case 'went-on':
        this.#paused = null;
        this.#trainsOrStands();
        break;
      case 'finished':
      case 'failed':
        this.doing = { kind: 'over' };
        break;
      default:
        break;
    }
  }

  /** Null until a step has been seen whose time says something of the next ones. */
  get rate(): LiveRate | null {
    const sum = (of: 'seconds' | 'users' | 'tokens'): number =>
      this.#recent.reduce((all, step) => all + step[of], 0);
    const seconds = sum('seconds');
    if (seconds <= 0) return null;
    return {
      secondsPerStep: seconds / this.#recent.length,
      usersPerSecond: sum('users') / seconds,
      tokensPerSecond: sum('tokens') / seconds,
    };
  }

  /** A run that was killed while it stood, and resumed, trains beyond without a word. */
  #trainsOrStands(): void {
    const paused = this.#paused;
    if (paused !== null && this.committedSteps > paused.standsAt) this.#paused = null;
    const stands = paused !== null && this.committedSteps === paused.standsAt;
    this.doing = stands ? { kind: 'paused', by: paused.by } : { kind: 'training' };
  }

  #forget(): void {
    this.last = null;
    this.losses.length = 0;
    this.#recent = [];
  }

  /** The times of a membership are also told at its end, when another one trains. */
  #timed({ generation, members }: PhasesTold): void {
    if (this.generation !== null && generation < this.generation) return;
    this.generation = generation;
    this.times = members.map((member) => ({ ...member, worker: printable(member.worker) }));
    this.members = this.times.map(({ worker }) => worker);
  }

  #formed(members: readonly string[]): void {
    this.#trainsOrStands();
    // A worker says its name itself.
    this.members = members.map(printable);
    // Who is gone waits for nobody, and everyone else has other lanes now.
    this.times = [];
    this.#isFirst = true;
  }

  #committed(report: ShownStep, seconds: number): void {
    this.committedSteps = report.step + 1;
    this.#trainsOrStands();
    // Steps of another stage take another time, and have another loss.
    if (this.last !== null && this.last.stage !== report.stage) this.#forget();
    this.last = report;
    this.losses.push(report.loss);
    if (this.losses.length > this.#lossesKept) this.losses.shift();
    if (this.#isFirst) this.#isFirst = false;
    else this.#recent.push({ seconds, users: report.sequences, tokens: report.itemTokens });
    if (this.#recent.length > rateWindow) this.#recent.shift();
  }
}
