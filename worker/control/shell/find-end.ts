/** Finds out how a run ended from its log: a worker that was cut off may have missed its leader's last word. */
import type { Bus } from '../../../shared/bus.js';
import { decodeLogEntry, type Happening } from '../../../shared/messages/cluster/log-entry.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { logStream } from '../../../shared/subjects.js';

export interface RunEnd {
  readonly kind: 'finished' | 'stopped' | 'failed';
  readonly reason: string;
}

/** Null while its last word is none of an end. */
export async function findEnd(bus: Bus, run: RunAddress): Promise<RunEnd | null> {
  const log = await bus.openLog(logStream(run));
  const last = await log.last();
  if (last === 0) return null;
  const entry = await new Promise<Happening | null>((resolve, reject) => {
    const reading = log.read(last, (data) => {
      try {
        resolve(decodeLogEntry(data).entry);
      } catch (error) {
        reject(error);
      }
      reading.then((reader) => reader.close(), reject);
    });
    reading.then(
      ({ ended }) => ended.then((why) => (why === null ? resolve(null) : reject(why))),
      reject,
    );
  });
  return entry === null ? null : endOf(entry);
}

function endOf(entry: Happening): RunEnd | null {
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
