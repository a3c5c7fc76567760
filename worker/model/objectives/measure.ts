/**
 * Numbers that a step reports about what was learnt from it. Each lane gives its share of every
 * measure; how shares add up to the step's number is data, so that whoever adds them, sends them or
 * shows them knows no objective.
 */
export type Measure =
  /** The lanes' numbers, added. */
  | { readonly kind: 'sum' }
  /** The lanes' smallest number; a lane that has none says infinity, and where all do it is 0. */
  | { readonly kind: 'least' }
  /** A mean over what the sum `of` counts; a lane says what it adds to the numerator. */
  | { readonly kind: 'mean'; readonly of: string };

/** By name, which is the one in the history of a run: snake_case. */
export type Measures = Readonly<Record<string, Measure>>;

/** A number for each measure, by its name. */
export type MeasureValues = Readonly<Record<string, number>>;

/** The step's numbers, added in lane order and in double precision. */
export function addLanes(measures: Measures, lanes: readonly MeasureValues[]): MeasureValues {
  const sum = (name: string): number =>
    lanes.reduce((total, lane) => total + (lane[name] as number), 0);
  const ofStep = (name: string, measure: Measure): number => {
    switch (measure.kind) {
      case 'sum':
        return sum(name);
      case 'least':
        return leastOf(lanes.map((lane) => lane[name] as number));
      case 'mean':
        return sum(name) / Math.max(1, sum(measure.of));
    }
  };
  return Object.fromEntries(
    Object.entries(measures).map(([name, measure]) => [name, ofStep(name, measure)]),
  );
}

function leastOf(numbers: readonly number[]): number {
  const least = Math.min(...numbers);
  return Number.isFinite(least) ? least : 0;
}
