/**
 * The numbers of a run's steps, in memory that does not grow with the run: a point holds one step while
 * they fit, and twice as many whenever they do not. What a point keeps of its steps is the mean, and of the
 * loss also the least and the greatest, so that no spike disappears.
 */
import { type SeriesAnswer, type StepNumber, stepNumbers } from './api.js';

/** Enough for any screen, and 3 MB a run. */
export const pointsMax = 16_384;

export type StepValues = Partial<Record<StepNumber, number>>;

export interface Step {
  readonly committedSteps: number;
  /** Milliseconds since 1970; null where it was not read. */
  readonly time: number | null;
  readonly values: StepValues;
}

/** Index of a point's own fields; the numbers of the steps lie behind them. */
const fields = { step: 0, time: 1, steps: 2, lossMin: 3, lossMax: 4 } as const;
const sumsAt = 5;
const width = sumsAt + 2 * stepNumbers.length;
const placeOf = Object.fromEntries(
  stepNumbers.map((name, index) => [name, sumsAt + 2 * index]),
) as Record<StepNumber, number>;

export class StepSeries {
  readonly #max: number;
  /** `width` numbers a point: its fields, and of each number of a step its sum and its count. */
  #points: Float64Array;
  #length = 0;
  #stride = 1;
  #time = 0;

  constructor(max = pointsMax) {
    this.#max = max;
    this.#points = new Float64Array(Math.min(max, 256) * width);
  }

  /** Points that it holds. */
  get length(): number {
    return this.#length;
  }

  /** Steps in a point. */
  get stride(): number {
    return this.#stride;
  }

  get bytes(): number {
    return this.#points.byteLength;
  }

  add({ committedSteps, time, values }: Step): void {
    const last = (this.#length - 1) * width;
    const isOpen = this.#length > 0 && this.#at(last, fields.steps) < this.#stride;
    const at = isOpen ? last : this.#open();
    this.#points[at + fields.step] = committedSteps;
    this.#time = time ?? this.#time;
    this.#points[at + fields.time] = this.#time;
    this.#points[at + fields.steps] = this.#at(at, fields.steps) + 1;
    const { loss } = values;
    if (loss !== undefined) {
      const isFirst = this.#at(at, sumsAt + 1) === 0;
      this.#points[at + fields.lossMin] = isFirst
        ? loss
        : Math.min(loss, this.#at(at, fields.lossMin));
      this.#points[at + fields.lossMax] = isFirst
        ? loss
        : Math.max(loss, this.#at(at, fields.lossMax));
    }
    // Of most steps of a long history nothing but the loss was read: the others are not asked for.
    for (const name of Object.keys(values) as StepNumber[]) {
      const value = values[name];
      if (value === undefined) continue;
      const sum = at + placeOf[name];
      this.#points[sum] = this.#at(sum, 0) + value;
      this.#points[sum + 1] = this.#at(sum, 1) + 1;
    }
  }

  /** Training goes on from here: the steps behind it are told again. */
  rewind(committedSteps: number): void {
    while (this.#length > 0 && this.#at((this.#length - 1) * width, fields.step) > committedSteps) {
      this.#length--;
    }
  }

  /**
   * The points of the steps in [from, to], joined until there are no more than `points`.
   *
   * @param points at least 1
   */
  window(from: number, to: number, points: number): SeriesAnswer {
    const first = this.#firstAtLeast(from);
    const end = this.#firstAtLeast(to + 1);
    const joined = Math.max(1, Math.ceil((end - first) / points));
    const answer = emptyAnswer(this.#stride * joined);
    for (let start = first; start < end; start += joined) {
      this.#join(start, Math.min(end, start + joined), answer);
    }
    const means = stepNumbers.flatMap((name) => {
      const column = answer.means[name];
      return column.every((value) => value === null) ? [] : [[name, column] as const];
    });
    return { ...answer, means: Object.fromEntries(means) };
  }

  #join(first: number, end: number, answer: ReturnType<typeof emptyAnswer>): void {
    const last = (end - 1) * width;
    answer.steps.push(this.#at(last, fields.step));
    answer.times.push(this.#at(last, fields.time));
    let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let point = first; point < end; point++) {
      least = Math.min(least, this.#at(point * width, fields.lossMin));
      greatest = Math.max(greatest, this.#at(point * width, fields.lossMax));
    }
    answer.lossMin.push(least);
    answer.lossMax.push(greatest);
    for (const [index, name] of stepNumbers.entries()) {
      let [sum, count] = [0, 0];
      for (let point = first; point < end; point++) {
        sum += this.#at(point * width + sumsAt, 2 * index);
        count += this.#at(point * width + sumsAt, 2 * index + 1);
      }
      answer.means[name].push(count === 0 ? null : sum / count);
    }
  }

  /** The index of the first point that ends at this step or behind it. */
  #firstAtLeast(step: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle * width, fields.step) < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes room for a point; where it begins. */
  #open(): number {
    if (this.#length === this.#max) this.#halve();
    const at = this.#length * width;
    if (at === this.#points.length) {
      const grown = new Float64Array(Math.min(this.#max * width, 2 * at));
      grown.set(this.#points);
      this.#points = grown;
    }
    // After halving the last point may have room, which is as good as a new one.
    this.#points.fill(0, at, at + width);
    this.#length++;
    return at;
  }

  #halve(): void {
    const half = Math.floor(this.#length / 2);
    for (let point = 0; point < half; point++) {
      const [a, b, to] = [2 * point * width, (2 * point + 1) * width, point * width];
      const least = Math.min(this.#at(a, fields.lossMin), this.#at(b, fields.lossMin));
      const greatest = Math.max(this.#at(a, fields.lossMax), this.#at(b, fields.lossMax));
      const steps = this.#at(a, fields.steps) + this.#at(b, fields.steps);
      for (let sum = sumsAt; sum < width; sum++) {
        this.#points[to + sum] = this.#at(a, sum) + this.#at(b, sum);
      }
      this.#points[to + fields.step] = this.#at(b, fields.step);
      this.#points[to + fields.time] = this.#at(b, fields.time);
      this.#points[to + fields.steps] = steps;
      this.#points[to + fields.lossMin] = least;
      this.#points[to + fields.lossMax] = greatest;
    }
    this.#length = half;
    this.#stride *= 2;
  }

  #at(point: number, field: number): number {
    return this.#points[point + field] as number;
  }
}

function emptyAnswer(stride: number) {
  const means = Object.fromEntries(
    stepNumbers.map((name) => [name, [] as (number | null)[]]),
  ) as Record<StepNumber, (number | null)[]>;
  return {
    ...{ steps: [] as number[], times: [] as number[], means },
    ...{ lossMin: [] as number[], lossMax: [] as number[], stride },
  };
}
