import { dispose, engine } from '@tensorflow/tfjs-core';

/**
 * Runs `work`, whose tensors outlive it. Where it throws, every tensor that it made is gone: those
 * that were to wait for a backward, and those that tfjs's tape holds on to.
 */
export function allOrNothing<Result>(work: () => Result): Result {
  const { state } = engine();
  engine().startScope();
  let result: Result;
  try {
    result = work();
  } catch (error) {
    // A tape ends with the gradients; where they fail, tfjs forgets it with all that it saved.
    dispose((state.activeTape ?? []).flatMap(({ saved }) => saved ?? []));
    dispose(state.activeScope.track);
    engine().endScope([]);
    throw error;
  }
  engine().endScope(state.activeScope.track.filter(({ isDisposed }) => !isDisposed));
  return result;
}
