/**
 * Runs every promise reaction that is due, and those that follow from them, before it returns. Between
 * two events of a simulation all that the first one set off must have happened; a turn of the event
 * loop (`setImmediate`) does the same forty times slower, which is most of a seed's time.
 */
export type Drain = () => void;

/** Node cannot drain its queue of promise reactions on demand: the simulation needs that. */
export class DrainMissingError extends Error {
  override readonly name = 'DrainMissingError';
  readonly code = 'SIMULATION_DRAIN';
}

/**
 * What Node itself calls after each callback from the event loop. It does nothing inside of a promise
 * reaction, so a simulation is started from a timer or an immediate: see `fromEventLoop`.
 *
 * @throws DrainMissingError
 */
export function openDrain(): Drain {
  const drain: unknown = Reflect.get(process, '_tickCallback');
  if (typeof drain !== 'function') {
    throw new DrainMissingError(
      `Cannot simulate on Node ${process.version}: it has no process._tickCallback, which 20, 22 and 24 have`,
    );
  }
  return () => {
    drain.call(process);
  };
}

/** Runs `work` where no promise reaction is under way. */
export function fromEventLoop<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}
