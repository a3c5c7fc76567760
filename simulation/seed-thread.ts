/** Runs every so-many-th of a range of seeds in a thread of its own, and tells which of them fail. */
import { parentPort, workerData } from 'node:worker_threads';
import { runSeed } from './run-seed.js';
import { scheduleText } from './schedule/fault.js';
import { fromEventLoop } from './time/drain.js';

export interface SeedRange {
  readonly from: number;
  readonly to: number;
  readonly every: number;
}

export interface FailedRun {
  readonly seed: number;
  readonly found: readonly string[];
  readonly schedule: string;
}

const { from, to, every } = workerData as SeedRange;
const failed: FailedRun[] = [];
for (let seed = from; seed < to; seed += every) {
  const { found, faults } = await fromEventLoop(() => runSeed(seed));
  if (found.length > 0) failed.push({ seed, found, schedule: scheduleText(faults) });
}
parentPort?.postMessage(failed);
