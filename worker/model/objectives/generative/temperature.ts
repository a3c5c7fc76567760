/** The learned scale of cosines: `logit_scale` is its logarithm. */
import { logitScaleName, type ParameterLayout } from '../../parameters/parameter-layout.js';

/** The temperature is at least 1/100, as in the reference. */
export const maxLogitScale = Math.fround(Math.log(100));

/** The logarithm of the logits' scale, clamped to [0, ln 100] as it is used. */
export function logitScale(layout: ParameterLayout, flat: Float32Array): number {
  const raw = flat[layout.entry(logitScaleName).offset] as number;
  return Math.min(maxLogitScale, Math.max(0, raw));
}

/**
 * In place. The reference clamps before it uses the scale, so that an update starts from the clamped
 * value: call it before the optimizer.
 */
export function constrainTemperature(layout: ParameterLayout, flat: Float32Array): void {
  flat[layout.entry(logitScaleName).offset] = logitScale(layout, flat);
}
