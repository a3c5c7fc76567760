/** What a tower trains, in one word of the command line: `all`, `lora:8`, `last:2`, `nothing`. */
import type { TowerTraining } from '../worker/model/parameters/what-trains.js';

export const trainWords = 'all|lora:RANK|last:LAYERS|nothing';

/** Adapters are beside queries and values, scaled by two, as a job has them by default. */
export function trainingOf(option: string, word: string): TowerTraining {
  const [, kind, count] = /^([a-z]+)(?::([1-9]\d{0,3}))?$/.exec(word) ?? [];
  if ((kind === 'all' || kind === 'nothing') && count === undefined) return { kind };
  if (kind === 'lora' && count !== undefined) {
    return { kind, rank: Number(count), alpha: 2 * Number(count), targets: ['q', 'v'] };
  }
  if (kind === 'last' && count !== undefined) return { kind, layers: Number(count) };
  throw new Error(`${option} must be ${trainWords}: current value is ${word}`);
}
