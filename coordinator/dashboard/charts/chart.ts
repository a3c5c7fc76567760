/** One chart: curves over steps or time, with marks, drawn by uPlot. */
import uPlot from 'uplot';
import { duration, number } from '../data/words.js';
import { color, ink } from './palette.js';

export interface Curve {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Drawn thin and pale behind the others: what was smoothed. */
  readonly isRaw?: boolean;
  /** Index of its colour. */
  readonly color: number;
  /** Between the values before and behind it lie none: only marks are drawn. */
  readonly isSparse?: boolean;
}

export interface ChartData {
  readonly x: readonly number[];
  readonly curves: readonly Curve[];
  /** Of the axis: the same in all charts of a page, whatever points they have. */
  readonly range: readonly [number, number];
}

/** Something that happened, as a line through the chart. */
export interface Mark {
  readonly x: number;
  readonly kind: 'recovery' | 'generation' | 'checkpoint' | 'rolled_back';
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: 'number' | 'seconds';
  readonly isTime: boolean;
  readonly isLog: boolean;
  /** Charts of one key have one cursor. */
  readonly group: string;
  readonly onZoom: (range: readonly [number, number] | null) => void;
}

/** Of a chart so wide: on a large screen a line needs more height, too. */
const heightOf = (width: number): number => Math.round(Math.min(300, Math.max(190, 0.36 * width)));

export class Chart {
  readonly element: HTMLElement;
  readonly #options: ChartOptions;
  readonly #plotted: HTMLElement;
  readonly #hidden = new Set<string>();
  #plot: uPlot | null = null;
  #data: ChartData = { x: [], curves: [], range: [0, 1] };
  #marks: readonly Mark[] = [];
  #shape = '';

  constructor(options: ChartOptions) {
    this.#options = options;
    this.element = document.createElement('figure');
    this.element.className = 'chart';
    const caption = document.createElement('figcaption');
    caption.textContent = options.title;
    this.#plotted = document.createElement('div');
    this.element.append(caption, this.#plotted);
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  /** Values in words, for whoever does not see the curves. */
  get #spoken(): string {
    const { curves } = this.#data;
    const last = curves
      .filter(({ isRaw }) => isRaw !== true)
      .map(({ label, values }) => `${label} ${number(values.findLast((value) => value !== null))}`);
    return `${this.#options.title}: last ${last.join(', ')}`;
  }

  set(data: ChartData, marks: readonly Mark[]): void {
    this.#data = data;
    this.#marks = marks;
    this.element.hidden = data.curves.length === 0;
    if (this.element.hidden) return;
    const shape = data.curves
      .map(({ label, color: of, isRaw }) => `${label}/${of}/${isRaw}`)
      .join();
    if (this.#plot === null || shape !== this.#shape) this.#draw(shape);
    else this.#plot.setData(this.#columns());
    const canvas = this.#plot?.root.querySelector('canvas');
    canvas?.setAttribute('role', 'img');
    canvas?.setAttribute('aria-label', this.#spoken);
  }

  /** In other colours. */
  redraw(): void {
    if (this.#plot !== null) this.#draw(this.#shape);
  }

  destroy(): void {
    this.#plot?.destroy();
  }

  #columns(): uPlot.AlignedData {
    return [
      [...this.#data.x],
      ...this.#data.curves.map(({ values }) => [...values]),
    ] as uPlot.AlignedData;
  }

  #draw(shape: string): void {
    this.#shape = shape;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#plotOptions(), this.#columns(), this.#plotted);
    this.#makeLegendReachable(this.#plot);
  }

  #plotOptions(): uPlot.Options {
    const { group, isLog, isTime, onZoom } = this.#options;
    const axis = { stroke: ink('--muted'), grid: { stroke: ink('--line'), width: 1 } };
    const width = Math.max(200, this.element.clientWidth - 2);
    return {
      ...{ width, height: heightOf(width) },
      cursor: { sync: { key: group }, drag: { x: true, y: false, setScale: false } },
      legend: { live: true },
      scales: {
        x: { time: isTime, range: () => [...this.#data.range] },
        y: isLog ? { distr: 3 } : {},
      },
      axes: [
        {
          ...axis,
          ticks: { stroke: ink('--line') },
          ...(!isTime && { values: (_, all) => all.map(shortNumber) }),
        },
        {
          ...axis,
          ticks: { stroke: ink('--line') },
          size: 58,
          values: (_, all) => all.map((value) => this.#tick(value)),
        },
      ],
      series: [
        isTime ? {} : { label: 'step', value: (_, value) => number(value) },
        ...this.#data.curves.map((curve) => this.#seriesOf(curve)),
      ],
      hooks: {
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            onZoom([plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')]);
            plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          },
        ],
        draw: [(plot) => this.#drawMarks(plot)],
        ready: [(plot) => plot.over.addEventListener('dblclick', () => onZoom(null))],
      },
    };
  }

  #seriesOf({ label, color: index, isRaw = false, isSparse = false }: Curve): uPlot.Series {
    return {
      label,
      show: !this.#hidden.has(label),
      stroke: isRaw ? `${color(index)}55` : color(index),
      width: isRaw ? 1 : 1.75,
      spanGaps: true,
      points: { show: isSparse, size: 6 },
      value: (_, value) => this.#text(value),
    };
  }

  #text(value: number | null): string {
    return this.#options.unit === 'seconds' ? duration(value) : number(value);
  }

  #tick(value: number | null): string {
    if (this.#options.unit === 'seconds') return duration(value);
    return value === null ? '' : shortNumber(value);
  }

  /** Clicks hide a curve; so do the keys that press a button. */
  #makeLegendReachable(plot: uPlot): void {
    const rows = plot.root.querySelectorAll<HTMLElement>('.u-legend .u-series');
    for (const [index, row] of [...rows].entries()) {
      if (index === 0) continue;
      const label = this.#data.curves[index - 1]?.label ?? '';
      const button = row.querySelector('th') ?? row;
      button.setAttribute('role', 'button');
      button.setAttribute('tabindex', '0');
      button.setAttribute('aria-label', `show or hide ${label}`);
      const note = (): void => {
        if (plot.series[index]?.show === false) this.#hidden.add(label);
        else this.#hidden.delete(label);
        button.setAttribute('aria-pressed', String(!this.#hidden.has(label)));
      };
      note();
      button.addEventListener('click', () => queueMicrotask(note));
      button.addEventListener('keydown', (event) => {
        if (!(event instanceof KeyboardEvent) || !['Enter', ' '].includes(event.key)) return;
        event.preventDefault();
        plot.setSeries(index, { show: plot.series[index]?.show === false });
        note();
      });
    }
  }

  #drawMarks({ bbox, ctx, valToPos }: uPlot): void {
    ctx.save();
    for (const { kind, x } of this.#marks) {
      const at = Math.round(valToPos(x, 'x', true));
      if (at < bbox.left || at > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ink(`--mark-${kind.replace('_', '-')}`);
      ctx.lineWidth = 1;
      ctx.setLineDash(kind === 'checkpoint' ? [2, 4] : []);
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  #resize(): void {
    const width = this.element.clientWidth - 2;
    if (this.#plot !== null && width > 0 && Math.abs(width - this.#plot.width) > 1) {
      this.#plot.setSize({ width, height: heightOf(width) });
    }
  }
}

function shortNumber(value: number): string {
  if (Math.abs(value) >= 1e6) return `${number(value / 1e6)}M`;
  if (Math.abs(value) >= 10_000) return `${number(value / 1000)}k`;
  // Ticks lie close together where a curve is flat.
  return Math.abs(value) >= 1000
    ? value.toLocaleString('en', { maximumFractionDigits: 2 })
    : number(value);
}
