/** A job with many small steps for many workers, its dataset, and the folder of both. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importDataset } from '../../dataset/import/import-dataset.js';

const items = ['a', 'b', 'c', 'd', 'e', 'f'];

export interface BenchJob {
  readonly name: string;
  readonly lanes: number;
  readonly workers: number;
  readonly steps: number;
  /** Sequences of each lane in a step. */
  readonly sequences: number;
}

/** Writes the dataset into the folder, and the job beside it; the dataset's folder and the job. */
export async function writeJob(
  folder: string,
  { lanes, name, sequences, steps, workers }: BenchJob,
): Promise<{ readonly dataset: string; readonly job: object }> {
  const users = 4 * lanes * sequences;
  const dataset = join(folder, 'dataset');
  const files = { items: join(folder, 'items.csv'), interactions: join(folder, 'inter.csv') };
  mkdirSync(folder, { recursive: true });
  const titles = items.map((item) => `${item},Volume ${item}`);
  writeFileSync(files.items, `item_id,title\n${titles.join('\n')}\n`);
  const rows = Array.from({ length: users }, (_, user) =>
    items.map((item, at) => `${item},u${user},${at}`),
  );
  const header = 'item_id,user_id,timestamp';
  writeFileSync(files.interactions, `${header}\n${rows.flat().join('\n')}\n`);
  await importDataset({ format: 'hllm', ...files, output: dataset, name: 'bench' });
  const tower = { hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8 };
  const job = {
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name },
    spec: {
      data: { path: dataset, sequences: { maxLength: 4 } },
      model: { item: tower, user: tower, maxTextLength: 4 },
      objective: { negatives: { all: true } },
      batch: { sequences: lanes * sequences },
      duration: { steps },
      lanes,
      workers: { replicas: workers },
      checkpoint: { everySteps: steps },
      engine: { name: 'cpu' },
    },
  };
  return { dataset, job };
}
