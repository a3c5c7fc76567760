/**
 * One pass of the user model over a lane's histories and what stands behind them. The parts of the
 * loss read its states and add to their gradients; one backward then serves all of them.
 *
 * Legend: N items of a step, M rows that the user model reads, H hidden size.
 */
import { dispose, tensor2d } from '@tensorflow/tfjs-core';
import { addRow } from '../../autodiff/rows.js';
import type { UserPass } from '../../users/user-llm.js';
import { userToken } from '../../users/user-rows.js';
import type { UserLane, UserTower } from '../objective.js';
import type { FusedRows, Fusion } from './fusion.js';

export class FusedPass {
  readonly lane: UserLane;
  readonly tower: UserTower;
  readonly fused: FusedRows;
  readonly hidden: number;
  /** What the user model says at each row. [M * H] */
  readonly states_MH: Float32Array;
  readonly dStates_MH: Float32Array;
  /** [N * H] */
  readonly dEmbeddings: Float32Array;
  readonly #pass: UserPass;
  readonly #token: string | null;

  constructor(fusion: Fusion, fused: FusedRows, lane: UserLane, tower: UserTower) {
    const { llm, weights } = tower;
    this.lane = lane;
    this.tower = tower;
    this.fused = fused;
    this.#token = fusion.token;
    this.#pass = llm.run(fused.read, lane.embeddings_NH, weights, tokenOf(fusion, tower));
    this.hidden = this.#pass.predictions.shape[1];
    this.states_MH = this.#pass.predictions.dataSync<'float32'>();
    this.dStates_MH = new Float32Array(this.states_MH.length);
    this.dEmbeddings = new Float32Array(lane.embeddings_NH.length);
  }

  /** Adds to the gradients of the items, and writes those of the user model and its token. Once. */
  pullback(): void {
    const { gradient_P } = this.lane;
    const { rows } = this.fused.read;
    const dStates = tensor2d(this.dStates_MH, [rows.length, this.hidden]);
    const dRead_MH = this.#pass.pullback(dStates, gradient_P);
    dispose([this.#pass.predictions, dStates]);
    const dToken = this.#token === null ? null : this.tower.layout.view(gradient_P, this.#token);
    rows.forEach((row, at) => {
      const [into, start] =
        row === userToken
          ? ([dToken as Float32Array, 0] as const)
          : ([this.dEmbeddings, row * this.hidden] as const);
      addRow(into, start, dRead_MH, at * this.hidden, this.hidden);
    });
  }
}

/** [H]; null where no row of the fusion is a token. */
export const tokenOf = ({ token }: Fusion, { layout, flat }: UserTower): Float32Array | null =>
  token === null ? null : layout.view(flat, token);
