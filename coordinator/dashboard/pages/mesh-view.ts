/** The mesh of workers: what goes over each link, as a table whose cells are shaded by their numbers. */
import type { PhasesLine } from '../data/api.js';
import { bytesPerSecond, type Mesh, type MeshLink, meshOf, percent } from '../data/mesh.js';
import { h, setText, show } from './dom.js';
import { scrolling } from './parts.js';

/** What a cell says of a link, how much of the darkest shade it gets, and what its number means. */
interface Measure {
  readonly label: string;
  readonly text: (link: MeshLink) => string;
  readonly value: (link: MeshLink) => number;
  readonly meaning: string;
}

const measures = {
  flow: {
    label: 'bytes a second',
    text: ({ flow }) => bytesPerSecond(flow),
    value: ({ flow }) => flow,
    meaning: 'What goes over each link, from the row to the column, over all of the time.',
  },
  rate: {
    label: 'speed while something comes',
    text: ({ rate }) => bytesPerSecond(rate),
    value: ({ rate }) => rate ?? 0,
    meaning: 'Bytes a second while something was coming; – where all of it came at once.',
  },
  lacked: {
    label: 'time lacked',
    text: ({ lacked }) => percent(lacked),
    value: ({ lacked }) => lacked,
    meaning:
      'Share of the time in which an exchange of the column lacked something of the row. The column may have ' +
      'computed meanwhile: what it waited for in vain is above, under Workers.',
  },
} as const satisfies Readonly<Record<string, Measure>>;

type Chosen = keyof typeof measures;

/** Of the accent, in the darkest cell: the number stays legible on it, in the light and in the dark. */
const darkest = 32;

export class MeshView {
  readonly element: HTMLElement;
  readonly #title = h('h2', {}, 'Mesh');
  readonly #verdict = h('p.verdict', { role: 'status' });
  readonly #meaning = h('p.quiet');
  readonly #choice: HTMLElement;
  readonly #place = h('div');
  #chosen: Chosen = 'flow';
  #mesh: Mesh | null = null;

  constructor() {
    const options = Object.entries(measures).map(([name, { label }]) =>
      h('option', { value: name }, label),
    );
    const choose = (event: Event): void => {
      this.#chosen = (event.target as HTMLSelectElement).value as Chosen;
      this.#draw();
    };
    this.#choice = h(
      'form.controls',
      { submit: (event) => event.preventDefault() },
      h('label', {}, 'Links show ', h('select', { change: choose }, ...options)),
    );
    this.element = h(
      'section.panel.mesh',
      { 'aria-label': 'Mesh', hidden: true },
      ...[this.#title, this.#verdict, this.#choice, this.#place, this.#meaning],
    );
  }

  set(lines: readonly PhasesLine[]): void {
    const newest = lines.at(-1);
    // One worker has no links.
    this.element.hidden = newest === undefined || newest.members.length < 2;
    const mesh = meshOf(lines);
    if (mesh !== null && mesh.time === this.#mesh?.time) return;
    this.#mesh = mesh;
    const of = newest === undefined ? '' : ` of generation ${newest.generation}`;
    setText(this.#title, `Mesh${of}`);
    this.#draw();
  }

  #draw(): void {
    const mesh = this.#mesh;
    this.#choice.hidden = mesh?.links == null;
    if (mesh === null) {
      setText(
        this.#verdict,
        'What goes over the links comes a few seconds after training has begun.',
      );
      setText(this.#meaning, '');
      show(this.#place);
      return;
    }
    setText(this.#verdict, mesh.verdict.text);
    this.#verdict.classList.toggle('slow', mesh.verdict.isSlow);
    const { members, links, seconds } = mesh;
    const over = `Over ${Math.round(seconds)} s.`;
    if (links === null) {
      setText(this.#meaning, `${over} ${members.length} workers: sums of each, not all pairs.`);
      show(this.#place, scrolling('mesh', sums(mesh)));
      return;
    }
    const measure: Measure = measures[this.#chosen];
    setText(this.#meaning, `${over} ${measure.meaning}`);
    show(this.#place, scrolling('mesh', matrix(mesh, links, measure)));
  }
}

function matrix(
  { members }: Mesh,
  links: readonly (readonly (MeshLink | null)[])[],
  measure: Measure,
): HTMLElement {
  const most = Math.max(...links.flat().map((link) => (link === null ? 0 : measure.value(link))));
  const heads = members.map(({ worker }, rank) =>
    h('th', { scope: 'col', title: worker }, `to ${rank}`),
  );
  const rows = members.map(({ host, worker }, rank) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, h('span.rank', {}, `${rank}`), worker, hostText(host)),
      ...(links[rank] ?? []).map((link) => cell(link, measure, most)),
    ),
  );
  return h(
    'table.matrix',
    {},
    h('caption', {}, measure.label),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'From'), ...heads)),
    h('tbody', {}, ...rows),
  );
}

function cell(link: MeshLink | null, measure: Measure, most: number): HTMLElement {
  if (link === null) return h('td.none', {}, '·');
  const { flow, from, lacked, rate, to } = link;
  const title =
    `${from} to ${to}: ${bytesPerSecond(flow)}; while something comes ${bytesPerSecond(rate)}; ` +
    `lacked ${percent(lacked)} of the time`;
  const element = h('td', { title }, measure.text(link));
  const shade = most === 0 ? 0 : (measure.value(link) / most) * darkest;
  element.style.background = `color-mix(in srgb, var(--accent) ${shade.toFixed(1)}%, var(--panel))`;
  return element;
}

const hostText = (host: string | null): HTMLElement | null =>
  host === null ? null : h('span.quiet', {}, ` ${host}`);

const sumHeads = ['Worker', 'Host', 'Sends', 'Receives', 'Lacks longest', 'Of the time'];

function sums({ members }: Mesh): HTMLElement {
  const most = Math.max(1, ...members.map(({ sent }) => sent));
  return h(
    'table.sums',
    {},
    h('thead', {}, h('tr', {}, ...sumHeads.map((head) => h('th', { scope: 'col' }, head)))),
    h(
      'tbody',
      {},
      ...members.map(({ host, lacked, received, sent, worker }) => {
        const shaded = h('td', {}, bytesPerSecond(sent));
        const shade = ((sent / most) * darkest).toFixed(1);
        shaded.style.background = `color-mix(in srgb, var(--accent) ${shade}%, var(--panel))`;
        return h(
          'tr',
          {},
          ...[h('th', { scope: 'row' }, worker), h('td', {}, host ?? '–'), shaded],
          h('td', {}, bytesPerSecond(received)),
          h('td', {}, lacked?.peer ?? '–'),
          h('td', {}, lacked === null ? '–' : percent(lacked.share)),
        );
      }),
    ),
  );
}
