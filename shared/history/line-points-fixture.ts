/** Lines of a small history. */
import type { HistoryLine, HistoryLineOf } from './history-line.js';

export const lineTime = (second: number): string =>
  new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + second * 1000).toISOString();

export const historyLineOf = (run = 't0123456789abcdef'): HistoryLineOf<'history'> => ({
  kind: 'history',
  time: lineTime(0),
  committed_steps: 0,
  schema_version: 1,
  run,
  job: 'small',
  job_sha256: 'ab'.repeat(32),
});

export const startedLineOf = (committed_steps: number): HistoryLineOf<'started'> => ({
  kind: 'started',
  time: lineTime(committed_steps),
  committed_steps,
  members: ['worker-0', 'worker-1'],
  total_steps: 100,
  resumed_from: committed_steps === 0 ? null : 'checkpoints/step',
  lockstep_version: '1',
  node_version: '20',
});

/** Its loss is 10 divided by the steps. */
export const committedLineOf = (committed_steps: number): HistoryLineOf<'committed'> => ({
  kind: 'committed',
  time: lineTime(committed_steps),
  committed_steps,
  stage: null,
  loss: 10 / committed_steps,
  gradient_norm: 1,
  learning_rate: 0.001,
  sequences: 8,
  item_tokens: 100,
  distinct_items: 20,
  predictions: 40,
  item_cosine: 0.5,
  step_seconds: 0.5,
  phase_seconds: { encode: 0.25, users: 0.125 },
  wait_seconds: 0.125,
});

export const evaluatedLineOf = (
  committed_steps: number,
  split = 'validation',
): HistoryLineOf<'evaluated'> => ({
  kind: 'evaluated',
  time: lineTime(committed_steps + 0.5),
  committed_steps,
  results: [result(split, 'hllm', 0.25), result(split, 'popularity', 0.125)],
  best: null,
});

const result = (split: string, model: string, recall: number) => ({
  ...{ split, model, users: 4, users_too_short: 0, repeats: 0, tied: 0, items: 9 },
  values: { 'recall@10': recall },
});

export const phasesLineOf = (committed_steps: number, steps: number): HistoryLineOf<'phases'> => ({
  kind: 'phases',
  time: lineTime(committed_steps),
  committed_steps,
  generation: 1,
  steps,
  members: ['worker-0', 'worker-1'].map((worker, rank) => ({
    ...{ worker, lanes: 2 },
    phase_seconds: { plan: 0.25, encode: 1 + rank, reduce: 0.5 },
    wait_seconds: 1 - rank * 0.5,
  })),
});

export const failedLineOf = (committed_steps: number): HistoryLineOf<'failed'> => ({
  kind: 'failed',
  time: lineTime(committed_steps + 1),
  committed_steps,
  exit_code: 4,
  code: 'PROCESS_LOST',
  message: 'lost',
  process: null,
  resume: null,
});

export const textOf = (lines: readonly HistoryLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');
