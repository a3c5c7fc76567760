/** The towers of a job that begin with pretrained weights, and where they lie on this machine. */
import { openPretrained } from '../../../pretrained/open-pretrained.js';
import type { TrainingState } from '../../state/training-state.js';
import type { Llm } from '../parameters/parameter-layout.js';
import { loadPretrained, pretrainedName } from './load-pretrained.js';

/** Paths of weights whose digests have been compared with the job's; null: that tower has none. */
export interface PretrainedTowers {
  readonly item: string | null;
  readonly user: string | null;
}

export const noneIsPretrained: PretrainedTowers = { item: null, user: null };

const llms = { item: 'item_llm', user: 'user_llm' } as const satisfies Record<string, Llm>;

function pathsByLlm(towers: PretrainedTowers): [Llm, string][] {
  return (['item', 'user'] as const).flatMap((tower) => {
    const path = towers[tower];
    return path === null ? [] : [[llms[tower], path] as [Llm, string]];
  });
}

/** Whether a parameter gets its value from pretrained weights, so that none need be drawn for it. */
export const isPretrained = (towers: PretrainedTowers, name: string): boolean =>
  pathsByLlm(towers).some(([llm]) => pretrainedName(name, llm) !== null);

/** @throws PretrainedError, PretrainedMismatchError */
export async function loadTowers(towers: PretrainedTowers, state: TrainingState): Promise<void> {
  for (const [llm, path] of pathsByLlm(towers)) {
    const { source } = await openPretrained(path);
    try {
      await loadPretrained(llm, source, state);
    } finally {
      await source.close();
    }
  }
}
