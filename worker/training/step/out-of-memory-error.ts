import type { Lane, Step } from '../../../shared/ids.js';
import { allOrNothing } from '../../model/autodiff/all-or-nothing.js';

/** The engine's device has no room for a lane: the job asks for more than the machine has. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
  readonly code = 'OUT_OF_MEMORY';

  constructor(step: Step, lane: Lane, cause: Error) {
    super(
      `Cannot compute lane ${lane} of step ${step}: ${cause.message}: a lane must fit the device's ` +
        'memory (more lanes, engine.activations "layer" or "lane", or engine.precision "bf16")',
      { cause },
    );
  }
}

/**
 * Runs the work of one lane. Where it fails, its tensors are gone; an engine that is out of memory
 * says which lane it was.
 */
export function withinMemory<Result>(step: Step, lane: Lane, work: () => Result): Result {
  try {
    return allOrNothing(work);
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && error.code === 'OUT_OF_MEMORY';
    throw isFull ? new OutOfMemoryError(step, lane, error) : error;
  }
}
