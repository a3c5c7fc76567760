/** Who does what: the lanes that each worker owns, and how much of the step it trains, how fast. */
import { color } from '../charts/palette.js';
import type { PhasesLine } from '../data/api.js';
import { percent } from '../data/mesh.js';
import { number } from '../data/words.js';
import {
  flopsText,
  laneText,
  type WorkerShare,
  type WorkOfAll,
  workOf,
} from '../data/work-shares.js';
import { h, setText, show } from './dom.js';
import { scrolling, section } from './parts.js';

const heads = ['Worker', 'Lanes', 'Users/s', 'Item tokens/s', 'FLOP/s', 'Share of FLOPs'];

/** Workers whose names have room in the strip. */
const namedMax = 16;

export class WorkView {
  readonly element: HTMLElement;
  readonly #said = h('p.verdict');
  readonly #strip = h('div.lanes', { role: 'img' });
  readonly #rows = h('tbody');

  constructor() {
    const table = h(
      'table.work',
      {},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      this.#rows,
    );
    this.element = section(
      'Lanes and work',
      ...[this.#said, this.#strip, scrolling('lanes and work', table)],
      h(
        'p.quiet',
        {},
        'Of its own lanes, over the newest steps. FLOPs are those that the step needs, counted from its shapes.',
      ),
    );
    this.element.hidden = true;
  }

  set(lines: readonly PhasesLine[]): void {
    const work = workOf(lines);
    this.element.hidden = work.workers.length === 0;
    if (work.workers.length === 0) return;
    setText(this.#said, sentenceOf(work));
    const spoken = work.workers.map(({ lanes, worker }) => `${worker} ${laneText(lanes)}`);
    this.#strip.setAttribute('aria-label', `lanes: ${spoken.join(', ')}`);
    const isNarrow = work.workers.length > namedMax;
    this.#strip.classList.toggle('narrow', isNarrow);
    show(this.#strip, ...work.workers.map((worker, index) => piece(worker, index, isNarrow)));
    const most = Math.max(0, ...work.workers.map((worker) => worker.work?.share ?? 0));
    show(this.#rows, ...work.workers.map((worker) => row(worker, most)));
  }
}

function sentenceOf({ flops, lanes, workers }: WorkOfAll): string {
  const who = workers.length === 1 ? '1 worker owns' : `${workers.length} workers own`;
  const whole = lanes === 1 ? '1 lane' : `${lanes} lanes`;
  return flops === null
    ? `${who} ${whole}.`
    : `${who} ${whole}; all of it runs at ${flopsText(flops)}.`;
}

function piece({ lanes, worker }: WorkerShare, index: number, isNarrow: boolean): HTMLElement {
  const element = h(
    'span',
    { title: `${worker}: lanes ${laneText(lanes)}` },
    isNarrow ? null : h('span', {}, `${worker} `),
    isNarrow ? null : h('span.quiet', {}, laneText(lanes)),
  );
  element.style.flexGrow = String(lanes.end - lanes.start);
  element.style.borderTopColor = color(index);
  return element;
}

function row({ lanes, work, worker }: WorkerShare, most: number): HTMLElement {
  const count = lanes.end - lanes.start;
  const owned = count < 2 ? laneText(lanes) : `${count} (${laneText(lanes)})`;
  const meter = h('span.meter');
  meter.style.width = `${most === 0 ? 0 : ((work?.share ?? 0) / most) * 100}%`;
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, worker),
    h('td', {}, count === 1 ? `1 (${owned})` : owned),
    h('td', {}, number(work?.users)),
    h('td', {}, number(work?.itemTokens)),
    h('td', {}, flopsText(work?.flops ?? null)),
    h(
      'td.share',
      {},
      h('span', {}, work === null ? '–' : percent(work.share)),
      h('span.track', {}, meter),
    ),
  );
}
