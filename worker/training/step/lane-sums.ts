/**
 * The sums over a member's lanes of a vector that each of them computes. A buffer is used again as
 * soon as its content has been added to another, so more lanes hardly need more memory.
 */
import type { LaneRun } from '../../../shared/plan/lane-ownership.js';
import { mostSums, RunningTreeSum } from '../../../shared/reduction/running-tree-sum.js';
import type { Arithmetic } from '../../arithmetic/arithmetic.js';
import type { Contributions } from '../../collective/exchange.js';

export interface LaneSumsParts {
  readonly run: LaneRun;
  /** V, of the whole tree. */
  readonly lanes: number;
  readonly arithmetic: Pick<Arithmetic, 'add'>;
}

/** Of one step. */
export class LaneSums {
  readonly #vector: (buffer: number) => Float32Array;
  readonly #free: number[];
  readonly #sum: RunningTreeSum<number>;

  /** @param vector that of a buffer, of which there are `mostSums`. */
  constructor({ run, lanes, arithmetic }: LaneSumsParts, vector: (buffer: number) => Float32Array) {
    this.#vector = vector;
    this.#free = Array.from({ length: mostSums(run, lanes) }, (_, buffer) => buffer);
    this.#sum = new RunningTreeSum(run, lanes, (left, right) => {
      arithmetic.add(vector(left), vector(right));
      this.#free.push(right);
      return left;
    });
  }

  /** Lets the next lane fill the whole vector of a buffer, and adds it to the others. */
  push<Result>(fill: (vector: Float32Array, buffer: number) => Result): Result {
    const buffer = this.#free.pop() as number;
    const result = fill(this.#vector(buffer), buffer);
    this.#sum.push(buffer);
    return result;
  }

  /** Once all lanes have come: what an exchange is given. */
  get contributions(): Contributions {
    return new Map([...this.#sum.sums].map(([node, buffer]) => [node, this.#vector(buffer)]));
  }
}
