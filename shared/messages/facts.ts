/** What a worker reports and the log of the run keeps word for word. */
import { z } from 'zod';
import { bestSoFar, count, finite, splitMetrics, text } from './report-fields.js';

export const metrics = z.array(splitMetrics).max(16);

export const facts = [
  z.strictObject({
    kind: z.literal('validated'),
    committedSteps: count,
    results: metrics,
    best: bestSoFar.nullable(),
  }),
  z.strictObject({
    kind: z.literal('rolled-back'),
    committedSteps: count,
    /** Roll-backs of the run, this one included. */
    collapses: count,
    /** Of the checkpoint; 0 for the first weights. */
    rolledBackTo: count,
    reason: text,
    falseNegatives: z.enum(['text', 'cosine', 'none']),
    /** The peak of the schedule. */
    learningRate: finite,
  }),
  z.strictObject({ kind: z.literal('evaluated'), committedSteps: count, results: metrics }),
  /** Something that the user should know and the run goes on without. */
  z.strictObject({ kind: z.literal('notice'), text }),
] as const;
