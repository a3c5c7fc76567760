/**
 * A pretrained model cannot be used as it is: its files are damaged, or hold what Lockstep cannot
 * compute. Whoever meets it chooses another model, or mends this one.
 */
export class PretrainedError extends Error {
  override readonly name = 'PretrainedError';
  readonly code = 'BAD_PRETRAINED';
  readonly path: string;

  /** @param problem what is, and what should be. */
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use the pretrained model ${path}: ${problem}`, options);
    this.path = path;
  }
}

/** What is wrong, while nobody knows yet in which file. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
  readonly code = 'BAD_PRETRAINED';
}

/** Adds the path to what was found in it: @returns what to throw in the error's place. */
export function withPath(path: string, error: unknown): unknown {
  const { code } = error as { readonly code?: unknown };
  const isAboutFile = error instanceof UnsupportedError || code === 'SAFETENSORS';
  if (!isAboutFile) return error;
  return new PretrainedError(path, (error as Error).message, { cause: error });
}
