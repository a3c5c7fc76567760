/** What a run's log says last: a worker that was cut off may have missed its leader's words. */
import { type Bus, BusAwayError, type BusLog } from '../../../shared/bus.js';
import { decodeLogEntry, type Happening } from '../../../shared/messages/cluster/log-entry.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { logStream } from '../../../shared/subjects.js';
import type { LogEnd } from '../situation/worker-event.js';

/** Behind a step stand a few words of checkpoints, evaluations and notices, which name no generation. */
const entriesRead = 16;

/** Fails as the bus does, with `MalformedMessageError`, and with `BusAwayError` once `signal` aborts. */
export async function readLogEnd(bus: Bus, run: RunAddress, signal: AbortSignal): Promise<LogEnd> {
  const log = await bus.openLog(logStream(run));
  const last = await log.last();
  if (last === 0) return { over: null, generation: null };
  const [newest] = await readBetween(log, last, last, signal);
  const over = newest === undefined ? null : endOf(newest);
  // What lies before the end of a run may have been removed already.
  if (over !== null) return { over, generation: null };
  const entries = await readBetween(log, Math.max(1, last - entriesRead + 1), last, signal);
  return { over, generation: entries.reduce<number | null>(newestUnderWay, null) };
}

async function readBetween(
  log: BusLog,
  first: number,
  last: number,
  signal: AbortSignal,
): Promise<Happening[]> {
  const entries: Uint8Array[] = [];
  let done: (lost: BusAwayError | null) => void = () => {};
  const read = new Promise<BusAwayError | null>((resolve) => {
    done = resolve;
  });
  const giveUp = (): void => done(new BusAwayError(`Entries up to ${last} of the log do not come`));
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  const reader = await log.read(first, (data, sequence) => {
    entries.push(data);
    if (sequence >= last) done(null);
  });
  const lost = await Promise.race([read, reader.ended]);
  reader.close();
  if (lost !== null) throw lost;
  return entries.map((data) => decodeLogEntry(data).entry);
}

/** A generation that forms may never begin. */
function newestUnderWay(known: number | null, entry: Happening): number | null {
  if (!('generation' in entry)) return known;
  if (entry.kind === 'generation' && entry.position === null) return known;
  return Math.max(known ?? 0, entry.generation);
}

function endOf(entry: Happening): LogEnd['over'] {
  switch (entry.kind) {
    case 'finished': {
      const { committedSteps, stopped } = entry.result;
      return { kind: stopped ? 'stopped' : 'finished', reason: `after step ${committedSteps}` };
    }
    case 'failed':
      return { kind: 'failed', reason: entry.message };
    default:
      return null;
  }
}
