/** All runs that this server knows: how far, how well, and which to compare. */
import type { RunSummary } from '../data/api.js';
import { ago, number } from '../data/words.js';
import { askRuns } from './client.js';
import { h, show } from './dom.js';
import type { Page } from './page.js';
import { badge, progress, scrolling } from './parts.js';

const askEvery = 2000;
/** Metrics that fit into a table: the first of each split. */
const metricsShown = 2;

export class RunsPage implements Page {
  readonly title = 'Runs';
  readonly element = h('section', { 'aria-label': 'Runs' });
  readonly #chosen = new Set<string>();
  readonly #rows = h('tbody');
  readonly #compare = h('a.button', { href: '#/compare/' }, 'Compare the chosen runs');
  #timer = 0;
  #last = '';

  async open(): Promise<void> {
    const runs = await askRuns();
    // With one run there is nothing to choose.
    const [only] = runs;
    if (runs.length === 1 && only !== undefined) {
      location.replace(`#/runs/${encodeURIComponent(only.id)}`);
    }
    const heads = ['', 'Job', 'State', 'Progress', 'Loss', 'Metrics', 'Changed'];
    show(
      this.element,
      h('div.row', {}, h('h1', {}, 'Runs'), this.#compare),
      scrolling(
        'runs',
        h(
          'table.runs',
          {},
          h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
          this.#rows,
        ),
      ),
    );
    this.#show(runs);
    this.#timer = window.setInterval(() => void this.#refresh(), askEvery);
  }

  redraw(): void {}

  close(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    try {
      this.#show(await askRuns());
    } catch {
      // Asked again in a moment.
    }
  }

  #show(runs: readonly RunSummary[]): void {
    const text = JSON.stringify(runs);
    if (text === this.#last) return;
    this.#last = text;
    if (runs.length === 0) {
      const what = 'No run yet: one appears as soon as its folder has a history.jsonl.';
      show(this.#rows, h('tr', {}, h('td', { colspan: 7 }, what)));
    } else show(this.#rows, ...runs.map((run) => this.#row(run)));
    this.#offer();
  }

  #row(run: RunSummary): HTMLElement {
    const choose = h('input', {
      type: 'checkbox',
      'aria-label': `compare ${run.job} ${run.id}`,
      checked: this.#chosen.has(run.id),
      change: (event) => {
        if ((event.target as HTMLInputElement).checked) this.#chosen.add(run.id);
        else this.#chosen.delete(run.id);
        this.#offer();
      },
    });
    const metrics = Object.entries(run.metrics).slice(0, metricsShown);
    return h(
      'tr',
      {},
      h('td', {}, choose),
      h(
        'td',
        {},
        h('a', { href: `#/runs/${encodeURIComponent(run.id)}` }, run.job || run.id),
        h('div.quiet', {}, run.id.replaceAll('~', '/')),
      ),
      h(
        'td',
        {},
        badge(run),
        run.reason === null ? null : h('div.quiet.cut', { title: run.reason }, run.reason),
      ),
      h('td', {}, progress(run.committedSteps, run.totalSteps)),
      h('td.figure', {}, number(run.loss)),
      h('td', {}, ...metrics.map(([name, value]) => h('div', {}, `${name} ${number(value)}`))),
      h('td.quiet', {}, ago(run.changedAt, Date.now())),
    );
  }

  #offer(): void {
    const ids = [...this.#chosen].map(encodeURIComponent).join(',');
    this.#compare.setAttribute('href', `#/compare/${ids}`);
    this.#compare.hidden = this.#chosen.size < 2;
  }
}
