/** A coordinator's metrics, read each second as Prometheus does it: over a connection of its own. */
import type { ChildProcess } from 'node:child_process';
import type { RunEvent } from '../../shared/messages/run-events.js';

export interface Scrapes {
  readonly count: number;
  /** Milliseconds from the request to the last byte. */
  readonly median: number;
  readonly p99: number;
  readonly most: number;
  /** Of the last answer. */
  readonly series: number;
}

const everyMs = 1000;

/** Settles with the port that the process says it listens on. */
export const metricsPortOf = (coordinator: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    coordinator.on('message', (event: RunEvent) => {
      if (event.kind === 'listening') resolve(event.metricsPort);
    });
  });

/**
 * Begins behind one that does not count: with it the client's own code is loaded.
 *
 * @returns what they were like from here until it is called
 */
export async function scrape(port: number): Promise<() => Promise<Scrapes>> {
  const times: number[] = [];
  let text = '';
  let last: Promise<void> = Promise.resolve();
  const once = async (): Promise<void> => {
    const begun = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    text = await answer.text();
    times.push(performance.now() - begun);
  };
  await once();
  times.length = 0;
  const timer = setInterval(() => {
    last = once();
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await last;
    const series = text.split('\n').filter((line) => /^[^#]/.test(line)).length;
    return { ...summary(times), series };
  };
}

export function summary(times: readonly number[]): Omit<Scrapes, 'series'> {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), most: at(1) };
}
