/** The charts of one run, or of several that are compared: one cursor, one window, one smoothing. */
import type { SeriesAnswer, StepNumber } from '../data/api.js';
import { smooth } from '../data/smooth.js';
import { Chart, type ChartData, type Curve, type Mark } from './chart.js';

export interface ChartedRun {
  readonly label: string;
  readonly series: SeriesAnswer;
  /** Committed steps and values of each evaluation, by `validation recall@10` and so on. */
  readonly evaluations: readonly {
    readonly step: number;
    readonly time: number;
    readonly values: Readonly<Record<string, number>>;
  }[];
  readonly marks: readonly (Mark & { readonly time: number })[];
}

export interface ChartSettings {
  /** In [0, 1). */
  readonly smoothing: number;
  readonly x: 'step' | 'time';
  readonly logLoss: boolean;
}

interface Plan {
  readonly title: string;
  readonly numbers: readonly StepNumber[];
  readonly unit: 'number' | 'seconds';
  /** A rate: divided by the seconds of a step. */
  readonly perSecond?: boolean;
}

const plans: readonly Plan[] = [
  {
    title: 'Loss (nats)',
    numbers: ['loss', 'generative_loss', 'classification_loss'],
    unit: 'number',
  },
  { title: 'Learning rate', numbers: ['learning_rate'], unit: 'number' },
  { title: 'Live negatives', numbers: ['live_negatives', 'least_live_negatives'], unit: 'number' },
  { title: 'Embedding spread (mean cosine of items)', numbers: ['item_cosine'], unit: 'number' },
  { title: 'Positive ranked first (share)', numbers: ['top1'], unit: 'number' },
  { title: 'Gradient norm', numbers: ['gradient_norm'], unit: 'number' },
  { title: 'Item tokens per second', numbers: ['item_tokens'], unit: 'number', perSecond: true },
  { title: 'Users per second', numbers: ['sequences'], unit: 'number', perSecond: true },
  { title: 'Seconds a step', numbers: ['step_seconds', 'wait_seconds'], unit: 'seconds' },
];

const words: Partial<Record<StepNumber, string>> = {
  generative_loss: 'generative',
  classification_loss: 'classification',
  live_negatives: 'mean',
  least_live_negatives: 'least',
  step_seconds: 'step',
  wait_seconds: 'waiting for peers',
};

export class RunCharts {
  readonly element: HTMLElement;
  readonly #onZoom: (range: readonly [number, number] | null) => void;
  readonly #group = `run-${Math.random()}`;
  #charts = new Map<string, Chart>();
  #runs: readonly ChartedRun[] = [];
  #settings: ChartSettings;

  constructor(settings: ChartSettings, onZoom: (range: readonly [number, number] | null) => void) {
    this.#settings = settings;
    this.#onZoom = onZoom;
    this.element = document.createElement('div');
    this.element.className = 'charts';
  }

  set(runs: readonly ChartedRun[]): void {
    this.#runs = runs;
    this.#draw();
  }

  /** Axes are another kind of chart: those are made anew. */
  change(settings: ChartSettings): void {
    const isSame = settings.x === this.#settings.x && settings.logLoss === this.#settings.logLoss;
    this.#settings = settings;
    if (!isSame) this.destroy();
    this.#draw();
  }

  redraw(): void {
    for (const chart of this.#charts.values()) chart.redraw();
  }

  destroy(): void {
    for (const chart of this.#charts.values()) chart.destroy();
    this.#charts = new Map();
    this.element.replaceChildren();
  }

  #draw(): void {
    for (const plan of plans) {
      this.#chart(plan.title, plan.unit, this.#dataOf(plan));
      // What the training is for stands beside its loss.
      if (plan.title === plans[0]?.title) this.#drawEvaluations();
    }
  }

  #drawEvaluations(): void {
    const names = new Set(
      this.#runs.flatMap(({ evaluations }) =>
        evaluations.flatMap(({ values }) => Object.keys(values)),
      ),
    );
    for (const metric of new Set(
      [...names].map((name) => name.split('@')[0] as string).map(familyOf),
    )) {
      const own = [...names].filter((name) => familyOf(name.split('@')[0] as string) === metric);
      this.#chart(metric, 'number', this.#evaluationData(own));
    }
  }

  #chart(title: string, unit: Plan['unit'], data: ChartData): void {
    let chart = this.#charts.get(title);
    if (chart === undefined) {
      const isLog = this.#settings.logLoss && title === plans[0]?.title;
      chart = new Chart({
        ...{ title, unit, isLog, group: this.#group, isTime: this.#settings.x === 'time' },
        onZoom: this.#onZoom,
      });
      this.#charts.set(title, chart);
      this.element.append(chart.element);
    }
    const marks = this.#runs.length === 1 ? (this.#runs[0]?.marks ?? []) : [];
    chart.set(
      data,
      this.#settings.x === 'time' ? marks.map((mark) => ({ ...mark, x: mark.time / 1000 })) : marks,
    );
  }

  #dataOf({ numbers, perSecond = false }: Plan): ChartData {
    const columns = this.#runs.map((run) => ({ x: this.#xOf(run), run }));
    const x = merged(columns.map((column) => column.x));
    let colors = 0;
    const curves = columns.flatMap(({ run, x: own }) =>
      numbers.flatMap((name): Curve[] => {
        const values = valuesOf(run.series, name, perSecond);
        if (values === null) return [];
        const spread = placed(own, values, x);
        const index = colors++;
        const label =
          [this.#runs.length > 1 ? run.label : '', words[name] ?? (numbers.length > 1 ? name : '')]
            .filter((part) => part !== '')
            .join(' ') || name.replaceAll('_', ' ');
        const { smoothing } = this.#settings;
        if (smoothing <= 0) return [{ label, values: spread, color: index }];
        return [
          { label: `${label} (each step)`, values: spread, color: index, isRaw: true },
          { label, values: smooth(spread, smoothing), color: index },
        ];
      }),
    );
    return { x, curves, range: this.#range };
  }

  #evaluationData(names: readonly string[]): ChartData {
    const isTime = this.#settings.x === 'time';
    const at = (one: { readonly step: number; readonly time: number }): number =>
      isTime ? one.time / 1000 : one.step;
    const x = merged(this.#runs.map(({ evaluations }) => evaluations.map(at)));
    let colors = 0;
    const curves = this.#runs.flatMap(({ evaluations, label }) =>
      names.flatMap((name): Curve[] => {
        const values = evaluations.map((one) => one.values[name] ?? null);
        if (values.every((value) => value === null)) return [];
        const title = this.#runs.length > 1 ? `${label} ${name}` : name;
        return [
          {
            label: title,
            values: placed(evaluations.map(at), values, x),
            color: colors++,
            isSparse: true,
          },
        ];
      }),
    );
    return { x, curves, range: this.#range };
  }

  /** From the first point of any run to the last one of any. */
  get #range(): readonly [number, number] {
    const ends = this.#runs.flatMap((run) => {
      const x = this.#xOf(run);
      return x.length === 0 ? [] : [x[0] as number, x.at(-1) as number];
    });
    const [from, to] = [Math.min(...ends), Math.max(...ends)];
    if (ends.length === 0) return [0, 1];
    return from === to ? [from - 1, to + 1] : [from, to];
  }

  #xOf({ series }: ChartedRun): readonly number[] {
    return this.#settings.x === 'time' ? series.times.map((time) => time / 1000) : series.steps;
  }
}

/** `validation recall` and `test recall` are of one chart. */
function familyOf(name: string): string {
  const metric = name.split(' ').at(-1) as string;
  return { recall: 'Recall', ndcg: 'NDCG', mrr: 'MRR', auc: 'AUC', gauc: 'AUC' }[metric] ?? metric;
}

function valuesOf(
  { means }: SeriesAnswer,
  name: StepNumber,
  perSecond: boolean,
): readonly (number | null)[] | null {
  const values = means[name];
  if (values === undefined) return null;
  if (!perSecond) return values;
  return values.map((value, index) => {
    const seconds = means.step_seconds?.[index] ?? null;
    return value === null || seconds === null || seconds <= 0 ? null : value / seconds;
  });
}

function merged(columns: readonly (readonly number[])[]): readonly number[] {
  if (columns.length === 1) return columns[0] as readonly number[];
  return [...new Set(columns.flat())].sort((a, b) => a - b);
}

/** Values of a column of its own, at the places of a common one. */
function placed(
  own: readonly number[],
  values: readonly (number | null)[],
  x: readonly number[],
): (number | null)[] {
  if (own === x) return [...values];
  const at = new Map(own.map((place, index) => [place, values[index] ?? null]));
  return x.map((place) => at.get(place) ?? null);
}
