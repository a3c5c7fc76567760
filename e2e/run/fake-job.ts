import type { RunEntries } from '../../cli/train/run-job.js';

export const fakeEntries: RunEntries = {
  coordinator: new URL('./fake-coordinator.js', import.meta.url),
  worker: new URL('./fake-worker.js', import.meta.url),
};

/** While it exists, the members of the run hold before their last step. */
export const holdFile = (output: string): string => `${output}.hold`;

export const fakeJob = (steps: number): object => ({
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'fake' },
  spec: {
    data: { path: 'none' },
    model: { item: {}, user: {} },
    objective: { kind: 'generative', negatives: { all: true } },
    optimizer: { kind: 'adamw', learningRate: 0.001 },
    duration: { steps },
    lanes: 4,
    checkpoint: { everySteps: 10 },
  },
});
