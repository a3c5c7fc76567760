/** The job of the suite: MovieLens-100K with a small model, quick enough for two cores and many pods. */

export interface JobWish {
  readonly name: string;
  readonly steps: number;
  /** Where the dataset is: a folder of this machine, or of the pod. */
  readonly data: string;
  readonly more?: object;
}

const tower = { hiddenSize: 32, layers: 2, heads: 2, intermediateSize: 64 };

export const suiteJob = ({ name, steps, data, more = {} }: JobWish) => ({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name } as Record<string, unknown>,
  spec: {
    seed: 1,
    data: { path: data, sequences: { maxLength: 20 } },
    model: { item: tower, user: tower, maxTextLength: 16 },
    objective: { negatives: { total: 128 } },
    optimizer: { learningRate: 0.003, schedule: { kind: 'constant', warmupSteps: 5 } },
    batch: { sequences: 32 },
    duration: { steps },
    lanes: 4,
    workers: { replicas: 2, min: 1 },
    engine: { name: 'torch', threads: 1 },
    checkpoint: { everySteps: 50, keep: 2 },
    ...more,
  },
});

/** Lengths of the jobs: long enough for what happens meanwhile. */
export const shortSteps = 400;
export const longSteps = 1200;
