/** Adds new steps to a series that was asked for once, so that not every viewer asks for all of it again. */
import { type RunChange, type SeriesAnswer, type StepNumber, stepNumbers } from './api.js';

type NewSteps = RunChange['steps'];

/** @param rewoundTo training went back to this step: points behind it go; null where it did not */
export function extend(
  series: SeriesAnswer,
  told: NewSteps,
  rewoundTo: number | null,
): SeriesAnswer {
  const kept = rewoundTo === null ? series.steps.length : countUpTo(series.steps, rewoundTo);
  const column = <Value>(old: readonly Value[], added: readonly Value[]): Value[] => [
    ...old.slice(0, kept),
    ...added,
  ];
  // The series may be of a moment later than the change.
  const last = series.steps[kept - 1] ?? Number.NEGATIVE_INFINITY;
  const steps = told.filter(({ committed_steps }) => committed_steps > last);
  const losses = steps.map(({ loss }) => loss ?? Number.NaN);
  return {
    steps: column(
      series.steps,
      steps.map(({ committed_steps }) => committed_steps),
    ),
    times: column(
      series.times,
      steps.map(({ time }) => time),
    ),
    means: Object.fromEntries(
      stepNumbers.flatMap((name) => {
        const values = meansOf(series, steps, name);
        return values === null ? [] : [[name, column(values.old, values.added)]];
      }),
    ),
    lossMin: column(series.lossMin, losses),
    lossMax: column(series.lossMax, losses),
    stride: series.stride,
  };
}

/** Null where neither has the number. */
function meansOf({ means, steps: old }: SeriesAnswer, steps: NewSteps, name: StepNumber) {
  const known = means[name];
  if (known === undefined && steps.every((step) => step[name] === undefined)) return null;
  return {
    old: known ?? old.map(() => null),
    added: steps.map((step) => step[name] ?? null),
  };
}

const countUpTo = (steps: readonly number[], most: number): number => {
  const first = steps.findIndex((step) => step > most);
  return first < 0 ? steps.length : first;
};
