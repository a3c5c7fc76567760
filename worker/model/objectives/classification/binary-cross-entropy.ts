export interface CrossEntropy {
  /** Sum over the targets, times the scale. */
  readonly loss: number;
  /** Its gradient. [T] */
  readonly dLogits: Float32Array;
}

/**
 * -y log sigmoid(z) - (1 - y) log sigmoid(-z) = max(z, 0) - y z + log(1 + exp(-|z|)), which neither
 * overflows nor takes the logarithm of zero. In double precision, in the order of the targets.
 *
 * @param logits_T z
 * @param labels_T y, in [0, 1]
 * @param scale factor of every target's loss
 */
export function binaryCrossEntropy(
  logits_T: Float32Array,
  labels_T: Float32Array,
  scale: number,
): CrossEntropy {
  let loss = 0;
  const dLogits = logits_T.map((logit, at) => {
    const label = labels_T[at] as number;
    const small = Math.exp(-Math.abs(logit));
    loss += Math.max(logit, 0) - label * logit + Math.log1p(small);
    const probability = logit >= 0 ? 1 / (1 + small) : small / (1 + small);
    return scale * (probability - label);
  });
  return { loss: loss * scale, dLogits };
}
