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

/** Adds the path to what is found wrong in it. @throws PretrainedError, and what else `work` throws */
export async function aboutModel<Result>(
  path: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const isAboutFile =
      error instanceof UnsupportedError || (error as { code?: unknown }).code === 'SAFETENSORS';
    if (!isAboutFile) throw error;
    throw new PretrainedError(path, (error as Error).message, { cause: error });
  }
}
