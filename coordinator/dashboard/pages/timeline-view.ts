/** What happened, the newest first: members, recoveries, checkpoints, evaluations, warnings. */
import type { TimelineLine } from '../data/api.js';
import { number, sentence } from '../data/words.js';
import { h, setText, show } from './dom.js';
import { section } from './parts.js';

const kinds: readonly (readonly [string, readonly TimelineLine['kind'][]])[] = [
  ['everything', []],
  ['recoveries', ['recovery', 'generation', 'started']],
  ['checkpoints', ['checkpointed']],
  ['evaluations', ['evaluated']],
  ['warnings', ['warning', 'rolled_back', 'failed']],
];
const shownMax = 500;

export class TimelineView {
  readonly element: HTMLElement;
  readonly #list = h('ol.timeline', {
    tabindex: 0,
    'aria-label': 'what happened, the newest first',
  });
  readonly #more = h('p.quiet');
  #lines: readonly TimelineLine[] = [];
  #dropped = 0;
  #kind = 0;

  constructor() {
    const select = h(
      'select',
      {
        'aria-label': 'what to show',
        change: (event) => this.#choose((event.target as HTMLSelectElement).value),
      },
      ...kinds.map(([name], index) => h('option', { value: index }, name)),
    );
    this.element = section('Timeline', select, this.#list, this.#more);
  }

  set(lines: readonly TimelineLine[], dropped: number): void {
    this.#lines = lines;
    this.#dropped = dropped;
    this.#show();
  }

  /** Behind those that are there. */
  add(lines: readonly TimelineLine[]): void {
    if (lines.length === 0) return;
    this.#lines = [...this.#lines, ...lines];
    const wanted = lines.filter((line) => this.#isWanted(line));
    this.#list.prepend(...wanted.map(item).reverse());
    while (this.#list.children.length > shownMax) this.#list.lastElementChild?.remove();
  }

  #choose(value: string): void {
    this.#kind = Number(value);
    this.#show();
  }

  #isWanted({ kind }: TimelineLine): boolean {
    const wanted = kinds[this.#kind]?.[1] ?? [];
    return wanted.length === 0 || wanted.includes(kind);
  }

  #show(): void {
    const wanted = this.#lines.filter((line) => this.#isWanted(line));
    show(this.#list, ...wanted.slice(-shownMax).map(item).reverse());
    const older = this.#dropped + Math.max(0, wanted.length - shownMax);
    setText(this.#more, older === 0 ? '' : `${number(older)} older ones are in history.jsonl`);
  }
}

function item(line: TimelineLine): HTMLElement {
  const clock = new Date(line.time);
  return h(
    `li.${line.kind.replace('_', '-')}`,
    {},
    h('time', { datetime: line.time, title: clock.toLocaleString() }, clock.toLocaleTimeString()),
    h('span.step', {}, `step ${number(line.committed_steps)}`),
    h('span.kind', {}, line.kind.replace('_', ' ')),
    h('span.text', {}, sentence(line)),
  );
}
