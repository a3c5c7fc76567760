/**
 * Early fusion (HLLM's discriminative stage, arXiv:2409.12740): the target's embedding stands at
 * the end of the history, and the head reads its last hidden state. All targets of a user are leaves
 * behind one history, each at the position behind it: the logits are those of a pass for each target.
 */
import { rowsOf, type UserSequences } from '../../users/user-rows.js';
import type { FusedRows, Fusion } from '../classification/fusion.js';

export const earlyFusion: Fusion = {
  parameters: () => [],
  token: null,
  readsTarget: false,
  fuse: fuseTargets,
};

function fuseTargets(histories: UserSequences, targets: UserSequences): FusedRows {
  const users = histories.offsets.length - 1;
  const read = rowsOf(histories, (user) => {
    const behind = targets.rows.subarray(targets.offsets[user], targets.offsets[user + 1]);
    return { behind, leaves: behind.length };
  });
  const historyRows = new Int32Array(users);
  const stateRows = new Int32Array(targets.rows.length);
  for (let user = 0; user < users; user++) {
    const [first, end] = targets.offsets.subarray(user, user + 2) as Int32Array;
    historyRows[user] = (histories.offsets[user] as number) + (first as number);
    const behind = (histories.offsets[user + 1] as number) + (first as number);
    for (let at = first as number; at < (end as number); at++) {
      stateRows[at] = behind + at - (first as number);
    }
  }
  return { read, historyRows, stateRows };
}
