import { z } from 'zod';
import { count, sha256 } from './report-fields.js';

/** One of the files behind a digest, in the store of files. */
export const publishedFile = z.strictObject({
  /** A plain name: it becomes a file of the cache folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  bytes: count,
  sha256,
});

export type PublishedFile = z.infer<typeof publishedFile>;
