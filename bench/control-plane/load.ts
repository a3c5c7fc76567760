/** What a process costs between two moments, and what the run does meanwhile. */

import { cpuSeconds } from './process-cpu.js';
import type { RunObserver } from './run-observer.js';

export interface Load {
  readonly seconds: number;
  /** Of one core. */
  readonly coordinatorPercent: number;
  readonly messagesPerSecond: number;
  readonly stepsPerSecond: number;
}

/** @returns the load from here until it is called */
export function measureLoad(pid: number, observer: RunObserver): () => Load {
  const reading = () => ({
    at: performance.now(),
    cpu: cpuSeconds(pid),
    messages: observer.heard + observer.said,
    steps: observer.commits.length,
  });
  const begun = reading();
  return () => {
    const now = reading();
    const seconds = (now.at - begun.at) / 1000;
    return {
      seconds,
      coordinatorPercent: (100 * (now.cpu - begun.cpu)) / seconds,
      messagesPerSecond: (now.messages - begun.messages) / seconds,
      stepsPerSecond: (now.steps - begun.steps) / seconds,
    };
  };
}
