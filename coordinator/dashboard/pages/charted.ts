/** Of an answer about a run, what its charts are drawn from. */
import type { ChartedRun } from '../charts/run-charts.js';
import type { SeriesAnswer, TimelineLine } from '../data/api.js';

const marked = new Set(['recovery', 'generation', 'checkpointed', 'rolled_back']);

export function charted(
  label: string,
  series: SeriesAnswer,
  timeline: readonly TimelineLine[],
): ChartedRun {
  const evaluations = timeline.flatMap((line) => {
    if (line.kind !== 'evaluated') return [];
    const own = line.results.filter(({ model }) => model === 'hllm');
    const values = Object.fromEntries(
      own.flatMap(({ split, values: of }) =>
        Object.entries(of).map(([name, value]) => [`${split} ${name}`, value] as const),
      ),
    );
    return [{ step: line.committed_steps, time: Date.parse(line.time), values }];
  });
  const marks = timeline.flatMap((line) =>
    marked.has(line.kind)
      ? [{ x: line.committed_steps, time: Date.parse(line.time), kind: markOf(line.kind) }]
      : [],
  );
  return { label, series, evaluations, marks };
}

function markOf(kind: TimelineLine['kind']): ChartedRun['marks'][number]['kind'] {
  if (kind === 'recovery' || kind === 'rolled_back') return kind;
  return kind === 'checkpointed' ? 'checkpoint' : 'generation';
}
