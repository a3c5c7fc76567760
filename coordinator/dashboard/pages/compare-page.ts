/** Curves of several runs in the same charts, and what their jobs differ in. */
import { type ChartedRun, RunCharts } from '../charts/run-charts.js';
import type { RunAnswer } from '../data/api.js';
import { differences } from '../data/differences.js';
import { number } from '../data/words.js';
import { charted } from './charted.js';
import { askRun, askSeries } from './client.js';
import { controls, readSettings } from './controls.js';
import { h, show } from './dom.js';
import type { Page } from './page.js';
import { badge, scrolling, section } from './parts.js';

const points = 600;

export class ComparePage implements Page {
  readonly title = 'Compare';
  readonly element = h('div.compare');
  readonly #ids: readonly string[];
  readonly #charts: RunCharts;
  readonly #settings = readSettings();
  #answers: readonly RunAnswer[] = [];

  constructor(ids: readonly string[]) {
    this.#ids = ids;
    this.#charts = new RunCharts(this.#settings, (range) => void this.#read(range));
  }

  async open(): Promise<void> {
    this.#answers = await Promise.all(this.#ids.map((id) => askRun(id)));
    const settings = controls(
      this.#settings,
      (changed) => this.#charts.change(changed),
      () => void this.#read(null),
    );
    show(
      this.element,
      h('nav', { 'aria-label': 'place' }, h('a', { href: '#/' }, 'Runs')),
      h('h1', {}, 'Compared runs'),
      section('Runs', this.#table()),
      section('Curves', settings, this.#charts.element),
    );
    await this.#read(null);
  }

  redraw(): void {
    this.#charts.redraw();
  }

  close(): void {
    this.#charts.destroy();
  }

  async #read(range: readonly [number, number] | null): Promise<void> {
    const runs = await Promise.all(
      this.#answers.map(async (answer): Promise<ChartedRun> => {
        const series = await askSeries(answer.state.id, range, points);
        return charted(nameOf(answer), series, answer.timeline);
      }),
    );
    this.#charts.set(runs);
  }

  #table(): HTMLElement {
    const metrics = [...new Set(this.#answers.flatMap(({ state }) => Object.keys(state.metrics)))];
    const fields = differences(this.#answers.map(({ job }) => job));
    const row = (
      name: string,
      of: (answer: RunAnswer, index: number) => string | Node,
    ): HTMLElement =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, name),
        ...this.#answers.map((answer, index) => h('td', {}, of(answer, index))),
      );
    return scrolling(
      'compared runs',
      h(
        'table.compared',
        {},
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, ''),
            ...this.#answers.map((answer) =>
              h(
                'th',
                { scope: 'col' },
                h('a', { href: `#/runs/${encodeURIComponent(answer.state.id)}` }, nameOf(answer)),
              ),
            ),
          ),
        ),
        h(
          'tbody',
          {},
          row('state', ({ state }) => badge(state)),
          row('steps', ({ state }) => number(state.committedSteps)),
          row('loss', ({ state }) => number(state.loss)),
          ...metrics.map((name) => row(name, ({ state }) => number(state.metrics[name]))),
          row('weights', ({ state }) =>
            state.end?.kind === 'finished' ? state.end.weights_sha256.slice(0, 12) : '–',
          ),
          ...fields.map(({ path, values }) => row(path, (_, index) => values[index] ?? '–')),
        ),
      ),
    );
  }
}

const nameOf = ({ state }: RunAnswer): string => state.id.replaceAll('~', '/');
