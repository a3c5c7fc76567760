/** A checkpoint that cannot be continued from; the one before it may. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  readonly code = 'CHECKPOINT_REFUSED';
  readonly path: string;
  /** What is wrong, without the path. */
  readonly reason: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`Cannot use the checkpoint ${path}: ${reason}`, options);
    this.path = path;
    this.reason = reason;
  }
}
