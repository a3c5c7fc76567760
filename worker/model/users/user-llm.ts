/**
 * Reads sequences of item embeddings and predicts, at every position, the embedding of the item
 * that comes next.
 *
 * Legend: N items of the matrix, U sequences, T rows that the model reads, H hidden size.
 */
import { dispose, type Tensor, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { takeRows } from '../autodiff/rows.js';
import { vjp } from '../autodiff/vjp.js';
import { Decoder, type WantedGradients } from '../decoder/decoder.js';
import { type RowsOut, rmsNorm } from '../decoder/decoder-layer.js';
import type { Computation, DecoderConfig } from '../model-config.js';
import {
  finalNormName,
  layerParameterName,
  type ParameterLayout,
} from '../parameters/parameter-layout.js';
import { type DecoderWeights, GradientWriter } from '../parameters/parameters.js';
import { userTokenName } from '../parameters/what-trains.js';
import { plainRows, type UserRows, type UserSequences, userToken } from './user-rows.js';

/** `pullback` runs once, and `dispose` frees what is left. */
export interface UserPass {
  /** A prediction for each row read [T, H]; the caller disposes of it. */
  readonly predictions: Tensor2D;
  /**
   * Writes the decoder's part of the flat `gradient`; returns that of what was read [T * H], or zeros
   * where neither items nor a token of the objective train.
   */
  pullback(dPredictions: Tensor2D, gradient: Float32Array): Float32Array;
  dispose(): void;
}

export class UserLlm {
  readonly #config: DecoderConfig;
  readonly #layout: ParameterLayout;
  readonly #decoder: Decoder;
  readonly #wanted: WantedGradients;

  constructor(config: DecoderConfig, layout: ParameterLayout, computation: Computation) {
    this.#config = config;
    this.#layout = layout;
    this.#decoder = new Decoder(config, computation);
    this.#wanted = {
      input: layout.trainsTower('item') || layout.isTrained(userTokenName),
      parameter: (layer, parameter) =>
        layout.wantsGradient(layerParameterName('user_llm', layer, parameter)),
    };
  }

  /** @param token the [USER] token [H], where rows name it. */
  run(
    { rows, positions, layout }: UserRows,
    embeddings_NH: Float32Array,
    weights: DecoderWeights,
    token: Float32Array | null = null,
  ): UserPass {
    const x = this.#states(rows, embeddings_NH, token);
    const pass = this.#decoder.run(x, weights.layers, layout, positions, 'all', this.#wanted);
    const norm = vjp<'x' | 'weight', Tensor>((inputs) =>
      rmsNorm(inputs.x, inputs.weight, this.#config.normEps),
    );
    const [predictions, pullback] = norm({ x: pass.y, weight: weights.finalNorm });
    return {
      predictions: predictions as Tensor2D,
      dispose: () => {
        pullback.dispose();
        pass.dispose();
      },
      pullback: (dPredictions, gradient) => {
        const { x: dStates, weight: dNorm } = pullback(dPredictions);
        const writer = new GradientWriter(this.#layout, weights);
        writer.add(finalNormName('user_llm'), dNorm);
        const dx = pass.pullback(dStates as Tensor2D, (layer, parameter, value) => {
          const name = layerParameterName('user_llm', layer, parameter);
          writer.add(name, value);
        });
        // Nobody wants the gradient of what was read where nothing below it trains.
        const read =
          dx?.dataSync<'float32'>() ?? new Float32Array(rows.length * this.#config.hiddenSize);
        writer.write(gradient);
        dispose([dStates, ...(dx === null ? [] : [dx])]);
        return read;
      },
    };
  }

  /** The prediction behind each sequence's last item. [U * H] */
  readLast(
    sequences: UserSequences,
    embeddings_NH: Float32Array,
    weights: DecoderWeights,
  ): Float32Array {
    return this.#read(plainRows(sequences), embeddings_NH, weights, null, 'last');
  }

  /** What `run` predicts, without a backward. [T * H] */
  readAll(
    rows: UserRows,
    embeddings_NH: Float32Array,
    weights: DecoderWeights,
    token: Float32Array | null,
  ): Float32Array {
    return this.#read(rows, embeddings_NH, weights, token, 'all');
  }

  #read(
    { rows, positions, layout }: UserRows,
    embeddings_NH: Float32Array,
    weights: DecoderWeights,
    token: Float32Array | null,
    out: RowsOut,
  ): Float32Array {
    const x = this.#states(rows, embeddings_NH, token);
    const states = this.#decoder.read(x, weights.layers, layout, positions, out);
    const normed = tidy(() => rmsNorm(states, weights.finalNorm, this.#config.normEps));
    const data = normed.dataSync<'float32'>();
    states.dispose();
    normed.dispose();
    return data;
  }

  #states(rows_T: Int32Array, embeddings_NH: Float32Array, token: Float32Array | null): Tensor2D {
    const { hiddenSize } = this.#config;
    const states = takeRows(embeddings_NH, rows_T, hiddenSize);
    rows_T.forEach((row, at) => {
      if (row === userToken) states.set(token as Float32Array, at * hiddenSize);
    });
    return tensor2d(states, [rows_T.length, hiddenSize]);
  }
}
