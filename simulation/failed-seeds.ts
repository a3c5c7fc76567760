/** Seeds that have failed once: they are run before all others, for ever. */
import { readFileSync, writeFileSync } from 'node:fs';
import { projectRoot } from '../shared/project-root.js';

export interface FailedSeed {
  readonly seed: number;
  /** What went wrong in it, shrunk: kept beside the seed, because what a seed draws may change. */
  readonly schedule: string;
  /** What was found then. */
  readonly found: string;
}

const file = new URL('simulation/failed-seeds.json', projectRoot);

export const readFailedSeeds = (): FailedSeed[] =>
  JSON.parse(readFileSync(file, 'utf8')) as FailedSeed[];

/** Keeps it once. */
export function storeFailedSeed(failed: FailedSeed): void {
  const known = readFailedSeeds();
  const isKnown = known.some(
    ({ seed, schedule }) => seed === failed.seed && schedule === failed.schedule,
  );
  if (isKnown) return;
  writeFileSync(file, `${JSON.stringify([...known, failed], null, 2)}\n`);
}
