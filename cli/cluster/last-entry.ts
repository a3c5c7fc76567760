import type { BusLog } from '../../shared/bus.js';
import { decodeLogEntry, type LogEntry } from '../../shared/messages/cluster/log-entry.js';

/**
 * The newest entry of a log; null for an empty one.
 *
 * @throws BusLostError, BusRefusedError, MalformedMessageError
 */
export async function lastEntry(log: BusLog): Promise<LogEntry | null> {
  const last = await log.last();
  if (last === 0) return null;
  let take: (data: Uint8Array) => void = () => undefined;
  const data = new Promise<Uint8Array>((resolve) => {
    take = resolve;
  });
  const reader = await log.read(last, (entry) => take(entry));
  try {
    const lost = reader.ended.then((error): never => {
      throw error ?? new Error('its reader was closed');
    });
    return decodeLogEntry(await Promise.race([data, lost]));
  } finally {
    reader.close();
  }
}
