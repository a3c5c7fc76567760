/**
 * What is remembered of every recorded step, so that one which is trained again can be compared with
 * what it was: numbers, since a run has millions of steps.
 */
import { createHash } from 'node:crypto';
import type { LedgerRecord } from '../ledger-record.js';

const perStep = 4;

/** How a step that was trained again differs from what it was; null where it does not. */
export type Repetition = 'users' | 'plan' | 'state' | null;

export class SeenSteps {
  #numbers = new Float64Array(1024 * perStep);

  keep(record: LedgerRecord): void {
    const at = record.step * perStep;
    if (at + perStep > this.#numbers.length) {
      const larger = new Float64Array(Math.max(2 * this.#numbers.length, at + perStep));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set(numbersOf(record), at);
  }

  /** Null also for a step that was never kept. */
  compare(record: LedgerRecord): Repetition {
    const at = record.step * perStep;
    const [users, plan, range, state] = numbersOf(record);
    if ((this.#numbers[at] ?? 0) === 0) return null;
    if (this.#numbers[at] !== users) return 'users';
    if (this.#numbers[at + 1] !== plan) return 'plan';
    // Another part of the state, or all of it, says nothing of the one before: a longer training has
    // its checkpoints elsewhere.
    if (this.#numbers[at + 2] !== range) return null;
    return this.#numbers[at + 3] === state ? null : 'state';
  }
}

function numbersOf({ lanes, planSha256, stateHash }: LedgerRecord): number[] {
  const users = createHash('sha256');
  for (const { digest } of lanes) users.update(digest);
  const { from, to, value } = stateHash;
  return [
    numberOf(users.digest('hex')),
    numberOf(planSha256),
    numberOf(createHash('sha256').update(`${from} ${to}`).digest('hex')),
    numberOf(value),
  ];
}

/** As many bits as a number holds exactly. */
const numberOf = (hexadecimal: string): number => Number.parseInt(hexadecimal.slice(0, 13), 16);
