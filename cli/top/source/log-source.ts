/** A run by its log on a nats-server. */
import type { Bus } from '../../../shared/bus.js';
import { LogEvents } from '../../../shared/history/log-events.js';
import { decodeLogEntry } from '../../../shared/messages/cluster/log-entry.js';
import type { RunEvent } from '../../../shared/messages/run-events.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { logStream } from '../../../shared/subjects.js';
import { followRun } from '../../cluster/follow-run.js';
import { readEntries } from '../../cluster/read-entries.js';
import type { TopSource, Watcher } from './top-source.js';

/** @param where the server, without a secret */
export function logSource(bus: Bus, run: RunAddress, where: string): TopSource {
  return {
    title: `${run.job} on ${where}`,
    async readOnce(watcher) {
      const log = await bus.openLog(logStream(run));
      const events = new LogEvents();
      await readEntries(log, (data) => {
        const entry = decodeLogEntry(data);
        for (const event of events.eventsOf(entry)) tell(watcher, event, entry.time);
      });
    },
    async follow(watcher, signal) {
      const followed = await followRun({
        ...{ bus, run, from: 1 },
        log: await bus.openLog(logStream(run)),
        onEvent: (event, time) => tell(watcher, event, time),
        time: () => new Date().toISOString(),
      });
      // An error of the log ends the watching; the end of the run does not.
      const failed = followed.end.then(() => new Promise<never>(() => undefined));
      const lost = bus.closed.then((error) => {
        if (error !== null) throw error;
      });
      const asked = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      try {
        await Promise.race([asked, failed, lost]);
      } finally {
        followed.close();
      }
    },
  };
}

function tell(watcher: Watcher, event: RunEvent, time: string): void {
  if (event.kind === 'finished') {
    const { committedSteps, stopped } = event.result;
    watcher.onEnd(`${stopped ? 'stopped' : 'finished'} after step ${committedSteps}`, time);
  } else if (event.kind === 'failed') {
    watcher.onEnd(`failed after step ${event.committedSteps}: ${event.message}`, time);
  }
  watcher.onEvent(event, time);
}
