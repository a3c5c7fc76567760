/** What a worker must know of a run before it can be a member: stands under the run's key from its first leader on. */
import { z } from 'zod';

const path = z.string().min(1).max(4096);

const schema = z.strictObject({
  /** The whole spec; each process parses it like any other. */
  job: z.unknown(),
  /** `wholeJobDigest` of it. */
  jobSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The folder as the coordinator sees it; other hosts fetch what has the digest. */
  dataset: z.strictObject({ directory: path, digest: z.string().min(1).max(128) }),
  /** Committed steps at which training ends; null evaluates the newest checkpoint and trains nothing. */
  totalSteps: z.int().min(0).nullable(),
  /** Where checkpoints are: a folder, or `s3://bucket/prefix`; null: each worker's own folder. */
  checkpoints: path.nullable(),
  /** `newest`, one checkpoint, or null where a run that begins must begin at the seed. */
  resume: path.nullable(),
  evaluate: z.boolean(),
});

export type RunDescription = Readonly<z.infer<typeof schema>>;

export const encodeDescription = (description: RunDescription): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(description));

/** Null for bytes that are no description of this version. */
export function decodeDescription(data: Uint8Array): RunDescription | null {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    return null;
  }
}
