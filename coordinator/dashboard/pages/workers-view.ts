/** Who trains what, and who waits for whom: the phases of a step, stacked for each worker. */
import { color } from '../charts/palette.js';
import type { PhasesLine, RunState } from '../data/api.js';
import { timesOf } from '../data/who-waits.js';
import type { Offer } from './actions-view.js';
import { h, setText, show } from './dom.js';
import { scrolling, section } from './parts.js';
import { WorkerRow } from './worker-row.js';

const heads = ['Worker', 'Lanes', 'Where a step goes', 'Seconds a step', 'Waits'];

export class WorkersView {
  readonly element: HTMLElement;
  readonly #verdict = h('p.verdict', { role: 'status' });
  readonly #legend = h('ul.legend');
  readonly #body = h('tbody');
  readonly #actionHead = h('th', { scope: 'col', hidden: true }, 'Action');
  #rows = new Map<string, WorkerRow>();

  constructor() {
    const table = h(
      'table.workers',
      {},
      h(
        'thead',
        {},
        h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)), this.#actionHead),
      ),
      this.#body,
    );
    this.element = section('Workers', this.#verdict, scrolling('workers', table), this.#legend);
  }

  set(state: RunState, lines: readonly PhasesLine[]): void {
    const { members, phases, slowest } = timesOf(lines);
    if (members.length === 0) {
      setText(this.#verdict, 'Times of the workers come a few seconds after training has begun.');
      this.#keep(state.members.map(({ worker }) => worker));
      for (const { lanes, worker } of state.members) this.#rows.get(worker)?.setLanes(lanes);
      show(this.#legend);
      return;
    }
    const alone =
      members.length === 1 ? 'One worker trains.' : 'Nobody is waited for in particular.';
    setText(this.#verdict, slowest?.text ?? alone);
    this.#verdict.classList.toggle('slow', slowest !== null);
    const longest = Math.max(...members.map(({ total, wait }) => Math.max(total, wait)));
    this.#keep(members.map(({ worker }) => worker));
    for (const member of members) {
      const isSlow = member.worker === slowest?.worker;
      const shared = { phases, longest, isSlow };
      this.#rows.get(member.worker)?.setTimes(member, shared);
    }
    show(
      this.#legend,
      ...[...phases, 'waits for peers'].map((phase, index) =>
        h('li', {}, swatch(phase === 'waits for peers' ? null : index), phase),
      ),
    );
  }

  /** @param drainOf null where nobody may drain a worker */
  offer(drainOf: (worker: string) => Offer | null): void {
    let isOffered = false;
    for (const [worker, row] of this.#rows) {
      const drain = drainOf(worker);
      row.offer(drain);
      isOffered ||= drain !== null;
    }
    this.#actionHead.hidden = !isOffered;
  }

  /** Rows of these workers, in this order: those that were there stay. */
  #keep(workers: readonly string[]): void {
    const known = [...this.#rows.keys()];
    if (known.join('\n') === workers.join('\n')) return;
    const rows = workers.map(
      (worker) => [worker, this.#rows.get(worker) ?? new WorkerRow(worker)] as const,
    );
    this.#rows = new Map(rows);
    const focused = document.activeElement;
    show(this.#body, ...rows.map(([, { element }]) => element));
    if (focused instanceof HTMLElement && this.#body.contains(focused)) focused.focus();
  }
}

function swatch(index: number | null): HTMLElement {
  const element = h(index === null ? 'span.swatch.waits' : 'span.swatch');
  if (index !== null) element.style.background = color(index);
  return element;
}
