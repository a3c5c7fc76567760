/** The training thread as its process sees it. */
import { type MessagePort, SHARE_ENV, Worker } from 'node:worker_threads';
import type { Generation } from '../../shared/ids.js';
import { Activity, type Busy } from '../engine/activity.js';
import { Cancellation } from '../engine/cancellation.js';
import type {
  FromTraining,
  ToTraining,
  TrainingStart,
  TrainingThreadData,
} from '../training/messages.js';

export interface TrainingThread {
  post(message: ToTraining): void;
  /** Has it leave a generation, and older ones, at once: before its next kernel where it computes. */
  abort(generation: Generation, reason: string): void;
  /** What it computes and since when; null where it waits. A kernel that hangs is told from here. */
  busyFor(): Busy | null;
  /**
   * Ends the thread: it is asked first, and ends by itself before its next kernel; halfway it is
   * stopped where it stands. False where native code did not return in time.
   */
  terminate(withinMs: number): Promise<boolean>;
}

export interface TrainingThreadHandlers {
  readonly onMessage: (message: FromTraining) => void;
  /** The thread ended although nobody asked it to, and without having said `failed`. */
  readonly onCrash: (error: Error) => void;
}

export type StartTraining = (
  start: TrainingStart,
  handlers: TrainingThreadHandlers,
) => TrainingThread;

/** Runs, and waits for its start: it has loaded its code by the time that the run is found. */
interface WaitingThread {
  readonly thread: Worker;
  readonly cancellation: Cancellation;
  readonly activity: Activity;
  /** Why it ended while it waited; null where it has not. */
  failure: Error | null;
}

function runThread(entry: URL): WaitingThread {
  const cancellation = new Cancellation();
  const activity = new Activity();
  const thread = new Worker(entry, {
    workerData: {
      cancelled: cancellation.shared,
      activity: activity.shared,
    } satisfies TrainingThreadData,
    // A thread's own environment is a copy that native libraries do not see, and the engine
    // `tensorflow` tells its library there how many threads to use.
    env: SHARE_ENV,
  });
  // Whoever never gets a start must not keep the process.
  thread.unref();
  const waiting: WaitingThread = { thread, cancellation, activity, failure: null };
  thread.on('error', (error: Error) => {
    waiting.failure = error;
  });
  return waiting;
}

/** Starts the thread in the file at `entry`; the first one runs from now on. */
export function startTrainingThread(entry: URL): StartTraining {
  let ahead: WaitingThread | null = runThread(entry);
  return (start, { onMessage, onCrash }) => {
    const { thread, cancellation, activity, failure } = ahead ?? runThread(entry);
    ahead = null;
    let isAsked = false;
    let last: FromTraining['kind'] | null = null;
    thread.ref();
    thread.on('message', (message: FromTraining) => {
      last = message.kind;
      onMessage(message);
    });
    thread.on('error', onCrash);
    if (failure !== null) queueMicrotask(() => onCrash(failure));
    thread.postMessage(start);
    const exited = new Promise<void>((resolve) => {
      thread.once('exit', (code) => {
        resolve();
        if (!isAsked && last !== 'failed') {
          onCrash(new Error(`The training thread ended with code ${code} before it was done`));
        }
      });
    });
    return {
      post: (message) => thread.postMessage(message, toTransfer(message)),
      abort(generation, reason) {
        cancellation.cancel(generation);
        thread.postMessage({ kind: 'abort', generation, reason } satisfies ToTraining);
      },
      busyFor: () => activity.busy(),
      async terminate(withinMs) {
        isAsked = true;
        cancellation.cancel();
        thread.postMessage({ kind: 'end' } satisfies ToTraining);
        if (await happensWithin(withinMs / 2, exited)) return true;
        // What native code would still say to JavaScript then is refused, which it must bear.
        void thread.terminate();
        return happensWithin(withinMs / 2, exited);
      },
    };
  };
}

async function happensWithin(milliseconds: number, event: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const happened = await Promise.race([event.then(() => true), late]);
  clearTimeout(timer);
  return happened;
}

/**
 * A plan's arrays move to the thread; nobody here needs them any more. What all lanes of a step have
 * in common lies in shared memory, and does not have to move.
 */
function toTransfer(message: ToTraining): (ArrayBuffer | MessagePort)[] {
  if (message.kind === 'enter') return message.links === null ? [] : [message.links];
  if (message.kind !== 'plan') return [];
  const { plan } = message;
  const { items, users, sequenceOffsets, sequenceRows, targets } = plan;
  const ofTargets = targets === null ? [] : [targets.offsets, targets.rows, targets.labels];
  return [items, users, sequenceOffsets, sequenceRows, ...ofTargets].map(
    (array) => array.buffer as ArrayBuffer,
  );
}
