/** A job that the plain engine trains in a moment: two steps of one lane on `smallDataset`. */
export function smallJob(dataset: string, more: object = {}): object {
  const tower = { hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8 };
  return {
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'small' },
    spec: {
      data: { path: dataset, sequences: { maxLength: 4 } },
      model: { item: tower, user: tower, maxTextLength: 4 },
      objective: { negatives: { all: true } },
      batch: { sequences: 2 },
      duration: { steps: 2 },
      lanes: 1,
      workers: { replicas: 1 },
      engine: { name: 'cpu' },
      ...more,
    },
  };
}
