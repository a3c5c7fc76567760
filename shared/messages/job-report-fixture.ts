import type { JobReport } from './job-report.js';

/** A report of a run in the middle. */
export const aReport = (changes: Partial<JobReport> = {}): JobReport => ({
  uid: '3a7c1f0e-8a55-4f3c-9a51-2b1d2f0d7c11',
  runId: 't0123456789abcdef',
  fence: 2,
  sequence: 7,
  time: '2026-01-02T03:04:05.678Z',
  phase: 'training',
  reason: '',
  code: null,
  committedSteps: 40,
  totalSteps: 200,
  loss: 4.25,
  metrics: { gradient_norm: 1.5, 'validation.recall@10': 0.09 },
  estimatedRemainingSeconds: 160,
  members: ['movies-worker-0', 'movies-worker-1'],
  generation: 3,
  min: 1,
  checkpoint: { step: 40, time: '2026-01-02T03:04:05.000Z' },
  recoveries: [
    {
      time: '2026-01-02T03:03:00.000Z',
      cause: 'lost',
      workers: ['movies-worker-2'],
      detectSeconds: 0.2,
      reformSeconds: 0.01,
      resumeSeconds: 0.3,
      stepsLost: 1,
    },
  ],
  straggler: null,
  restarts: 1,
  weightsSha256: null,
  ...changes,
});
