/** Runs a case of either format. */
import { isFusionCase, readFusionCase } from './fusion-case.js';
import { fusionLanes } from './fusion-plan.js';
import { runFusion } from './fusion-run.js';
import { readGoldenCase } from './golden-case.js';
import type { Tensors } from './golden-members.js';
import { runGolden } from './golden-run.js';

/** @param prefix path of the case's files, without their endings. */
export const mostWorkers = (prefix: string): number =>
  isFusionCase(prefix) ? fusionLanes : readGoldenCase(prefix).configuration.world_size;

/** @throws Error if the workers end with different weights. */
export const runCase = (prefix: string, workers: number): Promise<Tensors> =>
  isFusionCase(prefix)
    ? runFusion(readFusionCase(prefix), workers)
    : runGolden(readGoldenCase(prefix), workers);
