/**
 * The numbers that a line of the history adds to curves, under the names by which other programs draw
 * them. Names do not depend on the cluster: what is of one worker is no curve of the run.
 */
import type { HistoryLine, HistoryLineOf } from './history-line.js';

/** Of a measure, then of whom: `loss/train`, `recall@10/validation`. */
export type PointTag = string;

export interface LinePoint {
  readonly tag: PointTag;
  readonly value: number;
}

/** Empty for lines that add to no curve. The points are at the line's committed steps and time. */
export function pointsOf(line: HistoryLine): LinePoint[] {
  switch (line.kind) {
    case 'committed':
      return stepPoints(line);
    case 'evaluated':
      return line.results.flatMap(({ split, model, values }) =>
        Object.entries(values).map(([metric, value]) => ({
          tag: `${metric}/${split}${whose(model)}`,
          value,
        })),
      );
    case 'checkpointed':
      return [{ tag: 'checkpoint/seconds', value: line.seconds }];
    case 'recovery':
      return [
        { tag: 'recovery/lost_seconds', value: line.lost_seconds },
        { tag: 'recovery/recomputed_steps', value: line.recomputed_steps },
      ];
    default:
      return [];
  }
}

/** The run's own model needs no name; `best` and the baselines lie beside it. */
const whose = (model: string): string => (model === 'hllm' ? '' : `/${model}`);

/** In the order in which they are shown; what the line has besides follows. */
const namesOfMeasures = {
  loss: 'loss/train',
  generative_loss: 'generative_loss/train',
  classification_loss: 'classification_loss/train',
  top1: 'top1/train',
  learning_rate: 'learning_rate',
  gradient_norm: 'gradient_norm',
  logit_scale: 'logit_scale',
  live_negatives: 'live_negatives',
  least_live_negatives: 'least_live_negatives',
  item_cosine: 'item_cosine',
  sequences: 'step/sequences',
  predictions: 'step/predictions',
  targets: 'step/targets',
  item_tokens: 'step/item_tokens',
  distinct_items: 'step/distinct_items',
  step_seconds: 'step/seconds',
} as const satisfies Partial<Record<keyof HistoryLineOf<'committed'>, PointTag>>;

type MeasureName = keyof typeof namesOfMeasures;

function stepPoints(line: HistoryLineOf<'committed'>): LinePoint[] {
  const points: LinePoint[] = [];
  for (const [name, tag] of Object.entries(namesOfMeasures)) {
    const value = line[name as MeasureName];
    if (value !== undefined) points.push({ tag, value });
  }
  const seconds = line.step_seconds;
  if (seconds > 0) {
    points.push({ tag: 'throughput/sequences_per_second', value: line.sequences / seconds });
    points.push({ tag: 'throughput/item_tokens_per_second', value: line.item_tokens / seconds });
  }
  return points;
}
