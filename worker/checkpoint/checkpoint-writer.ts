/**
 * Checkpoints are written on a thread of their own. The training thread stands still for one copy
 * of the state into memory that the two share; hashing and writing go on while it trains.
 */
import { Worker } from 'node:worker_threads';
import { codeOf } from '../../shared/exit-codes.js';
import { HostState, type StateVectors } from '../state/host-state.js';
import type { StateLayout } from '../state/training-state.js';
import type { CheckpointIdentity } from './write-checkpoint.js';

/** Given to the thread as `workerData`. */
export interface CheckpointThreadStart {
  readonly location: string;
  readonly layout: StateLayout;
  /** In shared memory; the thread reads them between a request and its answer. */
  readonly vectors: StateVectors;
  /** Memory of a PublicationPermit; undefined: nobody fences this process. */
  readonly publication: SharedArrayBuffer | undefined;
}

export type FromCheckpointThread =
  /** The shared memory has been touched: a copy into it costs no page faults. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'written'; readonly path: string }
  /** Nothing was published, because a newer generation may be at work. */
  | { readonly kind: 'fenced' }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly stack: string;
    };

/** A checkpoint was not written: what was trained since the one before is on no disk. */
export class CheckpointWriteError extends Error {
  override readonly name = 'CheckpointWriteError';
  /** That of the cause: `DISK_FULL`, say. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface CheckpointWriter {
  /**
   * Copies the vectors before it returns its promise, so they may change at once. The promise is
   * that of `writeCheckpoint`; null where this process is fenced, which is no failure. Must not be called before the last promise has settled.
   *
   * @throws CheckpointWriteError
   */
  write(identity: CheckpointIdentity, vectors: StateVectors): Promise<string | null>;
  /** Settles when `write` may be called. */
  readonly ready: Promise<void>;
  /** Gives up whatever is being written. */
  close(): Promise<void>;
}

/** @param publication memory of the PublicationPermit that the thread asks; without it, it may publish */
export function startCheckpointWriter(
  location: string,
  layout: StateLayout,
  publication?: SharedArrayBuffer,
): CheckpointWriter {
  const copy = HostState.zeros(layout);
  const { parameters, firstMoments, secondMoments } = copy;
  const { entries, length, trainedLength, trains } = layout;
  const start: CheckpointThreadStart = {
    location,
    publication,
    layout: { entries, length, trainedLength, ...(trains !== undefined && { trains }) },
    vectors: { parameters, firstMoments, secondMoments },
  };
  const thread = new Worker(new URL('./checkpoint-thread.js', import.meta.url), {
    workerData: start,
    name: 'checkpoints',
  });
  // What the thread says next settles what waits for it: first that it is ready, then each write.
  let settle: Settle = { resolve: () => undefined, reject: () => undefined };
  const next = (): Promise<string | null> =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
  const ready = next().then(() => undefined);
  // Whoever writes meets the failure; a run that never does must not end of it.
  ready.catch(() => undefined);
  thread.on('message', (message: FromCheckpointThread) => {
    if (message.kind !== 'failed') settle.resolve(message.kind === 'written' ? message.path : null);
    else settle.reject(failureOf(message));
  });
  thread.on('error', (cause) => {
    const message = `Cannot write checkpoints: their thread ended: ${cause.message}`;
    settle.reject(new CheckpointWriteError(codeOf(cause), message, { cause }));
  });
  return {
    ready,
    write: (identity, vectors) => {
      copy.copyFrom(vectors);
      thread.postMessage(identity);
      return next();
    },
    close: async () => {
      await thread.terminate();
    },
  };
}

interface Settle {
  readonly resolve: (path: string | null) => void;
  readonly reject: (error: Error) => void;
}

function failureOf({
  code,
  message,
  stack,
}: Extract<FromCheckpointThread, { kind: 'failed' }>): CheckpointWriteError {
  const error = new CheckpointWriteError(code, message);
  // Where it happened, not where it was heard of.
  error.stack = stack;
  return error;
}
