/** What a member reports of a step: the fields of a real report, with the numbers that matter here. */
import { step } from '../../shared/ids.js';
import { usersDigest } from '../../shared/ledger/lane-users.js';
import { phases, type StepReport } from '../../worker/training/messages.js';
import { digestOf, type TinyState, wordCount } from './tiny-state.js';

export function tinyReport(
  at: number,
  state: TinyState,
  users: readonly (readonly number[])[],
  seconds: number,
  waitSeconds: number,
): StepReport {
  const none = Object.fromEntries(phases.map((phase) => [phase, 0]));
  return {
    step: step(at),
    stage: null,
    loss: (state.words[0] as number) / 2 ** 32,
    sequences: users.reduce((sum, lane) => sum + lane.length, 0),
    itemTokens: 1,
    distinctItems: 1,
    measures: {},
    itemCosine: 0,
    gradientNorm: 1,
    learningRate: 0.001,
    phaseSeconds: { ...none, users: seconds + waitSeconds } as StepReport['phaseSeconds'],
    waitSeconds,
    lanes: users.map((lane) => ({ users: lane.length, digest: digestOfUsers(lane) })),
    stateHash: { from: 0, to: wordCount * 4, value: digestOf(state).slice(0, 16) },
  };
}

/** Every member of every seed asks for the same ones. */
const digests = new Map<string, string>();

function digestOfUsers(lane: readonly number[]): string {
  const key = lane.join();
  const known = digests.get(key);
  if (known !== undefined) return known;
  const digest = usersDigest(Int32Array.from(lane));
  digests.set(key, digest);
  return digest;
}
