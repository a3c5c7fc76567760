import type { HistoryExporters } from '../../../process/exporters/history-exporters.js';

/** How long the end of a run waits for those that are told of it. */
const graceMs = 10_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The run is over and kept: whoever asks this process to end need not wait for other programs. */
export async function deliverRest(exporters: HistoryExporters): Promise<void> {
  let end = (): void => undefined;
  const limit = new Promise<void>((resolve) => {
    end = resolve;
  });
  const timer = setTimeout(end, graceMs);
  for (const signal of signals) process.on(signal, end);
  try {
    await exporters.finish(limit);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, end);
  }
}
