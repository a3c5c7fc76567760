/** The state that the benchmark of transfers copies. */
import type { StateVectors } from '../worker/state/host-state.js';

export const firstPosition = { committedSteps: 1, collapses: 0, settled: true };
export const thenPosition = { ...firstPosition, committedSteps: 2 };

/** Of both processes. */
export const secret = Buffer.from('of the benchmark');

/** Of the second copy. */
export const changedPart = 0.25;

/** Parameters and two moments of a third each. */
export function stateOf(mib: number, value: number): StateVectors {
  const vector = (): Float32Array => {
    const floats = Math.round((mib * 2 ** 20) / 4 / 3);
    return new Float32Array(new SharedArrayBuffer(floats * 4)).fill(value);
  };
  return { parameters: vector(), firstMoments: vector(), secondMoments: vector() };
}
