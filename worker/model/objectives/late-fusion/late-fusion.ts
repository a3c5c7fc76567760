/**
 * Late fusion (HLLM's discriminative stage, arXiv:2409.12740): a learned [USER] token stands at the
 * end of the history; its hidden state meets each target's embedding in the head.
 */
import { userTokenName } from '../../parameters/what-trains.js';
import { rowsOf, type UserSequences, userToken } from '../../users/user-rows.js';
import type { FusedRows, Fusion } from '../classification/fusion.js';

export const lateFusion: Fusion = {
  parameters: (hidden) => [[userTokenName, [1, 1, hidden]]],
  token: userTokenName,
  readsTarget: true,
  fuse: fuseToken,
};

const token = Int32Array.of(userToken);

function fuseToken(histories: UserSequences, targets: UserSequences): FusedRows {
  const users = histories.offsets.length - 1;
  const read = rowsOf(histories, () => ({ behind: token, leaves: 0 }));
  // A token behind every history before.
  const historyRows = Int32Array.from(
    { length: users },
    (_, user) => (histories.offsets[user] as number) + user,
  );
  const stateRows = new Int32Array(targets.rows.length);
  for (let user = 0; user < users; user++) {
    const row = (histories.offsets[user + 1] as number) + user;
    stateRows.fill(row, targets.offsets[user], targets.offsets[user + 1]);
  }
  return { read, historyRows, stateRows };
}
