/** Watches a run from anywhere: reads its log, which is all there is to know, and the progress beside it. */
import type { Bus, BusLog } from '../../shared/bus.js';
import { LogEvents } from '../../shared/history/log-events.js';
import { decodeWorkerMessage } from '../../shared/messages/cluster/from-worker.js';
import { decodeLogEntry, type LogEntry } from '../../shared/messages/cluster/log-entry.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import type { RunEvent, RunResult } from '../../shared/messages/run-events.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { progressSubject } from '../../shared/subjects.js';

export type LogEnd =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly worker: string | null;
      readonly committedSteps: number;
    };

export interface FollowOptions {
  readonly bus: Bus;
  readonly log: BusLog;
  readonly run: RunAddress;
  /** The first entry to read; 1 is the oldest. */
  readonly from: number;
  /** @param time ISO 8601, of when it happened */
  readonly onEvent: (event: RunEvent, time: string) => void;
  /** The run is gone on with: an end that the log has already is that of an execution before. */
  readonly beyondEnd?: boolean;
  /** Sees every entry, before its events. */
  readonly onEntry?: (entry: LogEntry) => void;
  /** ISO 8601, for progress, which has no time of its own. */
  readonly time: () => string;
}

export interface FollowedRun {
  /** How the run ends, once its log says so. A run that has ended and goes on has not ended. */
  readonly end: Promise<LogEnd>;
  close(): void;
}

/** @throws BusLostError, BusRefusedError */
export async function followRun(options: FollowOptions): Promise<FollowedRun> {
  const { bus, log, run, from, onEvent, time } = options;
  const last = await log.last();
  const firstEnd = options.beyondEnd === true ? last + 1 : last;
  let settle: (end: LogEnd) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const end = new Promise<LogEnd>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  const events = new LogEvents();
  const progress = bus.subscribe(progressSubject(run), (data) => {
    const event = progressEvent(data);
    if (event !== null) onEvent(event, time());
  });
  const entries = await log.read(from, (data, sequence) => {
    try {
      const entry = decodeLogEntry(data);
      options.onEntry?.(entry);
      for (const event of events.eventsOf(entry)) onEvent(event, entry.time);
      const ended = endOf(entry);
      // What an earlier execution of the run came to is no end while another one follows.
      if (ended !== null && sequence >= firstEnd) settle(ended);
    } catch (error) {
      fail(error as Error);
    }
  });
  void entries.ended.then((error) => error !== null && fail(error));
  return {
    end,
    close() {
      progress.close();
      entries.close();
    },
  };
}

function endOf({ entry }: LogEntry): LogEnd | null {
  return entry.kind === 'finished' || entry.kind === 'failed' ? entry : null;
}

/** Null for what nobody would show. */
function progressEvent(data: Uint8Array): RunEvent | null {
  try {
    const message = decodeWorkerMessage(data);
    if (message.kind !== 'progress' || message.doing === 'copying') return null;
    return { kind: message.doing, done: message.done, total: message.total };
  } catch (error) {
    if (error instanceof MalformedMessageError) return null;
    throw error;
  }
}
