/** What the guard of a training remembers, as a checkpoint's manifest holds it. */
import { z } from 'zod';
import { signalKinds } from '../training/guard/guard-state.js';

const count = z.int().min(0);
const signal = z.enum(signalKinds);
const cause = z.enum([...signalKinds, 'failed-step']);
export const guardPoint = z
  .strictObject({ committedSteps: count, best: count.nullable() })
  .nullable();

export const guardManifest = z.strictObject({
  steps: count,
  start: z.strictObject({ liveNegatives: z.number() }),
  cosine: z.strictObject({ lowest: z.number(), present: z.number() }),
  norms: z.array(z.number()).readonly(),
  raised: z.partialRecord(
    signal,
    z.strictObject({ steps: count, quiet: count, warned: z.boolean(), certain: z.boolean() }),
  ),
  healthy: guardPoint,
  candidate: guardPoint,
  collapses: z
    .array(z.strictObject({ committedSteps: count, rolledBackTo: count, signal: cause }))
    .readonly(),
});
