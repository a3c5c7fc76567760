/** Who trains what, and who waits for whom: the phases of a step, stacked for each worker. */

import { color } from '../charts/palette.js';
import type { PhasesLine, RunState } from '../data/api.js';
import { type ShownTime, timesOf } from '../data/who-waits.js';
import { duration, number } from '../data/words.js';
import { h, setText, show } from './dom.js';
import { scrolling, section } from './parts.js';

const heads = ['Worker', 'Lanes', 'Where a step goes', 'Seconds a step', 'Waits', 'Item tokens/s'];

export class WorkersView {
  readonly element: HTMLElement;
  readonly #verdict = h('p.verdict', { role: 'status' });
  readonly #legend = h('ul.legend');
  readonly #rows = h('tbody');

  constructor() {
    const table = h(
      'table.workers',
      {},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      this.#rows,
    );
    this.element = section('Workers', this.#verdict, scrolling('workers', table), this.#legend);
  }

  set(state: RunState, lines: readonly PhasesLine[]): void {
    const { members, phases, slowest } = timesOf(lines);
    if (members.length === 0) {
      setText(this.#verdict, 'Times of the workers come a few seconds after training has begun.');
      show(
        this.#rows,
        ...state.members.map(({ lanes, worker }) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, worker),
            h('td', {}, lanes === null ? '–' : String(lanes)),
            h('td', { colspan: 4 }),
          ),
        ),
      );
      show(this.#legend);
      return;
    }
    const alone =
      members.length === 1 ? 'One worker trains.' : 'Nobody is waited for in particular.';
    setText(this.#verdict, slowest?.text ?? alone);
    this.#verdict.classList.toggle('slow', slowest !== null);
    const lanes = members.reduce((sum, member) => sum + member.lanes, 0);
    const longest = Math.max(...members.map(({ total, wait }) => Math.max(total, wait)));
    show(
      this.#rows,
      ...members.map((member) =>
        row(member, { phases, longest, lanes, state, isSlow: member.worker === slowest?.worker }),
      ),
    );
    show(
      this.#legend,
      ...[...phases, 'waits for peers'].map((phase, index) =>
        h('li', {}, swatch(phase === 'waits for peers' ? null : index), phase),
      ),
    );
  }
}

interface Shared {
  readonly phases: readonly string[];
  readonly longest: number;
  /** Of all members. */
  readonly lanes: number;
  readonly state: RunState;
  readonly isSlow: boolean;
}

function row(member: ShownTime, { isSlow, lanes, longest, phases, state }: Shared): HTMLElement {
  const { itemTokensPerSecond } = state;
  const tokens = itemTokensPerSecond === null ? null : (itemTokensPerSecond * member.lanes) / lanes;
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
  return h(
    isSlow ? 'tr.slow' : 'tr',
    {},
    h('th', { scope: 'row' }, member.worker),
    h('td', {}, String(member.lanes)),
    h('td.wide', {}, bar),
    h('td', {}, duration(member.total)),
    h('td', {}, duration(member.wait)),
    h('td', {}, number(tokens)),
  );
}

function part(share: number, index: number, title: string): HTMLElement {
  const element = h('span', { title });
  element.style.width = `${share * 100}%`;
  element.style.background = color(index);
  return element;
}

function swatch(index: number | null): HTMLElement {
  const element = h(index === null ? 'span.swatch.waits' : 'span.swatch');
  if (index !== null) element.style.background = color(index);
  return element;
}
