/** One run, live. */
import { RunCharts } from '../charts/run-charts.js';
import {
  type PhasesLine,
  phasesKept,
  type RunAnswer,
  type RunChange,
  type RunState,
  type SeriesAnswer,
  type TimelineLine,
} from '../data/api.js';
import { extend } from '../data/extend-series.js';
import { ago, duration, number } from '../data/words.js';
import { ActionsView } from './actions-view.js';
import { charted } from './charted.js';
import { askRun, askSeries, openStream } from './client.js';
import { controls, readSettings } from './controls.js';
import { h, setText, show } from './dom.js';
import { JobView } from './job-view.js';
import { LedgerView } from './ledger-view.js';
import { LogView } from './log-view.js';
import { MeshView } from './mesh-view.js';
import type { Page } from './page.js';
import { badge, figure, progress, section } from './parts.js';
import { RecommendView } from './recommend-view.js';
import { TimelineView } from './timeline-view.js';
import { WorkView } from './work-view.js';
import { WorkersView } from './workers-view.js';

/** Points of a chart: more than pixels are of no use. */
const points = 1200;
/** Curves are asked for again so often at most, while steps come. */
const redrawEvery = 1000;

export class RunPage implements Page {
  readonly element = h('div.run');
  readonly #id: string;
  readonly #tellConnection: (isThere: boolean) => void;
  readonly #settings = readSettings();
  readonly #charts: RunCharts;
  readonly #workers = new WorkersView();
  readonly #actions: ActionsView;
  readonly #work = new WorkView();
  readonly #mesh = new MeshView();
  readonly #ledger: LedgerView;
  readonly #timelineView = new TimelineView();
  readonly #job = new JobView();
  readonly #log: LogView;
  readonly #figures = {
    loss: figure('Loss'),
    metric: figure('Metric'),
    step: figure('A step takes'),
    eta: figure('Done in'),
    tokens: figure('Item tokens/s'),
    users: figure('Users/s'),
    members: figure('Workers'),
    generation: figure('Generation'),
  };
  readonly #head = h('div.row');
  readonly #progress = h('div');
  readonly #reason = h('p.reason');
  #answer: RunAnswer | null = null;
  #series: SeriesAnswer | null = null;
  #timeline: TimelineLine[] = [];
  #phases: readonly PhasesLine[] = [];
  #range: readonly [number, number] | null = null;
  #closeStream: () => void = () => undefined;
  #isClosed = false;
  #redrawTimer = 0;
  #clock = 0;

  constructor(id: string, tellConnection: (isThere: boolean) => void) {
    this.#id = id;
    this.#tellConnection = tellConnection;
    this.#log = new LogView(id);
    this.#actions = new ActionsView(id, () => this.#offerDrains());
    this.#ledger = new LedgerView(id);
    this.#charts = new RunCharts(this.#settings, (range) => void this.#zoom(range));
  }

  get title(): string {
    return this.#answer?.state.job ?? this.#id;
  }

  async open(): Promise<void> {
    await this.#read();
    const figures = h(
      'dl.figures',
      {},
      ...Object.values(this.#figures).map(({ element }) => element),
    );
    const settings = controls(
      this.#settings,
      (changed) => this.#charts.change(changed),
      () => void this.#zoom(null),
    );
    show(
      this.element,
      h('nav', { 'aria-label': 'place' }, h('a', { href: '#/' }, 'Runs')),
      this.#head,
      this.#reason,
      this.#actions.element,
      this.#progress,
      figures,
      beside(this.#workers.element),
      beside(this.#work.element),
      section('Curves', settings, this.#charts.element),
      this.#mesh.element,
      beside(this.#timelineView.element),
      beside(this.#ledger.element),
      this.#answer?.canRecommend === true ? new RecommendView(this.#id).element : null,
      beside(this.#job.element),
      beside(this.#log.element),
    );
    // What was silent for long is told so although nothing comes.
    this.#clock = window.setInterval(() => this.#showState(), 10_000);
    queueMicrotask(() => this.#drawCharts());
  }

  redraw(): void {
    this.#charts.redraw();
    if (this.#answer !== null) this.#showPhases(this.#answer.state);
  }

  close(): void {
    this.#isClosed = true;
    this.#closeStream();
    this.#charts.destroy();
    this.#log.close();
    this.#ledger.close();
    clearTimeout(this.#redrawTimer);
    clearInterval(this.#clock);
  }

  /** All of it, and then what changes. */
  async #read(): Promise<void> {
    const answer = await askRun(this.#id);
    const series = await askSeries(this.#id, this.#range, points);
    await this.#actions.open(answer.acting);
    if (this.#isClosed) return;
    this.#answer = answer;
    this.#series = series;
    this.#timeline = [...answer.timeline];
    this.#phases = answer.phases.slice(-phasesKept);
    this.#timelineView.set(this.#timeline, answer.dropped);
    this.#job.set(answer);
    this.#showPhases(answer.state);
    this.#showState();
    this.#ledger.set(answer);
    this.#closeStream();
    this.#closeStream = openStream(this.#id, answer.version, {
      onChange: (change) => this.#change(change),
      onReset: () => void this.#again(),
      onConnection: this.#tellConnection,
    });
  }

  async #again(): Promise<void> {
    this.#closeStream();
    try {
      await this.#read();
      this.#drawCharts();
    } catch {
      if (!this.#isClosed) window.setTimeout(() => void this.#again(), 2000);
    }
  }

  #change({ phases, state, steps, timeline, rewoundTo }: RunChange): void {
    if (this.#answer === null) return;
    const before = this.#answer.state;
    this.#answer = { ...this.#answer, state };
    this.#timeline.push(...timeline);
    this.#timelineView.add(timeline);
    if (phases.length > 0) this.#phases = [...this.#phases, ...phases].slice(-phasesKept);
    const isAnother = namesOf(before) !== namesOf(state);
    if (phases.length > 0 || isAnother) this.#showPhases(state);
    this.#ledger.set(this.#answer);
    if (state.end?.kind !== before.end?.kind) this.#job.set(this.#answer);
    this.#showState();
    const moves = steps.length > 0 || rewoundTo !== null;
    // A window that was chosen stays as it is.
    if (moves && this.#series !== null && this.#range === null) {
      this.#series = extend(this.#series, steps, rewoundTo);
    }
    if (moves || timeline.length > 0) this.#redrawSoon();
  }

  #showPhases(state: RunState): void {
    this.#workers.set(state, this.#phases);
    this.#work.set(this.#phases);
    this.#mesh.set(this.#phases);
  }

  #redrawSoon(): void {
    if (this.#redrawTimer !== 0) return;
    this.#redrawTimer = window.setTimeout(() => {
      this.#redrawTimer = 0;
      // Steps came singly: where they are too many for a screen, the server joins them.
      const isFull = (this.#series?.steps.length ?? 0) > 2 * points;
      if (isFull && this.#range === null) void this.#readSeries();
      else this.#drawCharts();
    }, redrawEvery);
  }

  async #readSeries(): Promise<void> {
    try {
      this.#series = await askSeries(this.#id, this.#range, points);
      if (!this.#isClosed) this.#drawCharts();
    } catch {
      // The next change asks again.
    }
  }

  async #zoom(range: readonly [number, number] | null): Promise<void> {
    this.#range = range === null ? null : this.#inSteps(range);
    await this.#readSeries();
  }

  /** A window in time is one in steps as well. */
  #inSteps(range: readonly [number, number]): readonly [number, number] {
    const series = this.#series;
    if (readSettings().x === 'step' || series === null) return [Math.max(0, range[0]), range[1]];
    const at = (seconds: number): number => {
      const index = series.times.findIndex((time) => time / 1000 >= seconds);
      return series.steps[index < 0 ? series.steps.length - 1 : index] ?? 0;
    };
    return [at(range[0]), at(range[1])];
  }

  #drawCharts(): void {
    if (this.#series === null || this.#isClosed) return;
    this.#charts.set([charted(this.#answer?.state.job ?? '', this.#series, this.#timeline)]);
  }

  #showState(): void {
    const state = this.#answer?.state;
    if (state === undefined) return;
    show(
      this.#head,
      h('h1', {}, state.job || this.#id),
      badge(state),
      h('span.quiet', {}, `changed ${ago(state.changedAt, Date.now())}`),
    );
    setText(this.#reason, state.reason ?? '');
    const done =
      state.doing === null
        ? null
        : `${state.doing.what} ${number(state.doing.done)} of ${number(state.doing.total)}`;
    show(
      this.#progress,
      progress(state.committedSteps, state.totalSteps),
      done === null ? null : h('p.quiet', {}, done),
    );
    this.#showFigures(state);
    this.#actions.set(state);
  }

  #offerDrains(): void {
    this.#workers.offer((worker) => this.#actions.drainOf(worker));
  }

  #showFigures(state: RunState): void {
    const metric = mainMetric(state.metrics);
    const {
      loss,
      metric: metricFigure,
      step,
      eta,
      tokens,
      users,
      members,
      generation,
    } = this.#figures;
    setText(loss.value, number(state.loss));
    setText(metricFigure.value, metric === undefined ? '–' : `${number(metric[1])} (${metric[0]})`);
    setText(step.value, duration(state.stepSeconds));
    setText(eta.value, state.end === null ? duration(state.etaSeconds) : '–');
    setText(tokens.value, number(state.itemTokensPerSecond));
    setText(users.value, number(state.sequencesPerSecond));
    setText(members.value, String(state.members.length));
    setText(generation.value, state.generation === null ? '–' : String(state.generation));
  }
}

/** Takes half of a wide screen. */
function beside(element: HTMLElement): HTMLElement {
  element.classList.add('half');
  return element;
}

const namesOf = ({ members }: RunState): string => members.map(({ worker }) => worker).join();

/** The usual cut-off, of the split that is looked at while training lasts, where there is one. */
function mainMetric(metrics: RunState['metrics']): readonly [string, number] | undefined {
  const all = Object.entries(metrics);
  const wanted = ['validation recall@10', 'test recall@10', 'validation auc'];
  return wanted.flatMap((name) => all.filter(([own]) => own === name))[0] ?? all[0];
}
