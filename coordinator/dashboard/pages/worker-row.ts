/** A worker in the table: it stays the same element while its numbers change, so that its button keeps the focus. */
import { color } from '../charts/palette.js';
import type { ShownTime } from '../data/who-waits.js';
import { duration } from '../data/words.js';
import { type Offer, offer } from './actions-view.js';
import { h, setText, show } from './dom.js';

export interface Shared {
  readonly phases: readonly string[];
  readonly longest: number;
  readonly isSlow: boolean;
}

export class WorkerRow {
  readonly element: HTMLElement;
  readonly #lanes = h('td');
  readonly #bar = h('td.wide');
  readonly #total = h('td');
  readonly #wait = h('td');
  readonly #drain: HTMLElement;
  readonly #action: HTMLElement;
  #offer: Offer | null = null;

  constructor(worker: string) {
    this.#drain = h(
      'button',
      { type: 'button', 'aria-label': `Drain ${worker}…`, click: () => this.#offer?.press() },
      'Drain…',
    );
    this.#action = h('td', { hidden: true }, this.#drain);
    this.element = h(
      'tr',
      {},
      h('th', { scope: 'row' }, worker),
      ...[this.#lanes, this.#bar, this.#total, this.#wait, this.#action],
    );
  }

  /** No line has told its times yet. */
  setLanes(lanes: number | null): void {
    this.element.classList.remove('slow');
    setText(this.#lanes, lanes === null ? '–' : String(lanes));
    for (const cell of [this.#bar, this.#total, this.#wait]) show(cell);
  }

  setTimes(member: ShownTime, shared: Shared): void {
    this.element.classList.toggle('slow', shared.isSlow);
    setText(this.#lanes, String(member.lanes));
    show(this.#bar, barOf(member, shared));
    setText(this.#total, duration(member.total));
    setText(this.#wait, duration(member.wait));
  }

  /** @param drain null where nobody may */
  offer(drain: Offer | null): void {
    this.#offer = drain;
    this.#action.hidden = drain === null;
    offer(this.#drain, drain?.hindrance ?? null);
  }
}

function barOf(member: ShownTime, { longest, phases }: Shared): HTMLElement {
  const spoken = member.phases
    .map(({ phase, seconds }) => `${phase} ${duration(seconds)}`)
    .join(', ');
  const bar = h('div.bar', {
    role: 'img',
    'aria-label': `${spoken}, waits ${duration(member.wait)}`,
  });
  for (const [index, phase] of phases.entries()) {
    const seconds = member.phases.find((one) => one.phase === phase)?.seconds ?? 0;
    if (seconds > 0) bar.append(part(seconds / longest, index, `${phase} ${duration(seconds)}`));
  }
  if (member.wait > 0) {
    const waits = h('span.waits', { title: `waits for peers ${duration(member.wait)}` });
    waits.style.width = `${(member.wait / longest) * 100}%`;
    bar.append(h('div.waiting', {}, waits));
  }
  return bar;
}

function part(share: number, index: number, title: string): HTMLElement {
  const element = h('span', { title });
  element.style.width = `${share * 100}%`;
  element.style.background = color(index);
  return element;
}
