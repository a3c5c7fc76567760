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
import { rmsNorm } from '../decoder/decoder-layer.js';
import { type PackedLayout, packedLayout } from '../decoder/packed-layout.js';
import type { Computation, DecoderConfig } from '../model-config.js';
import {
  finalNormName,
  layerParameterName,
  type ParameterLayout,
} from '../parameters/parameter-layout.js';
import { type DecoderWeights, GradientWriter } from '../parameters/parameters.js';
import { userTokenName } from '../parameters/what-trains.js';

/** Rows of an item matrix in the order in which they were seen, CSR. Sort by length. */
export interface UserSequences {
  /** [U+1] */
  readonly offsets: Int32Array | Uint32Array;
  readonly rows: Int32Array;
}

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

  run(sequences: UserSequences, embeddings_NH: Float32Array, weights: DecoderWeights): UserPass {
    const { layout, positions } = packed(sequences);
    const x = this.#states(sequences.rows, embeddings_NH);
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
          dx?.dataSync<'float32'>() ??
          new Float32Array(sequences.rows.length * this.#config.hiddenSize);
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
    const { layout, positions } = packed(sequences);
    const x = this.#states(sequences.rows, embeddings_NH);
    const states = this.#decoder.read(x, weights.layers, layout, positions, 'last');
    const last = tidy(() => rmsNorm(states, weights.finalNorm, this.#config.normEps));
    const data = last.dataSync<'float32'>();
    states.dispose();
    last.dispose();
    return data;
  }

  #states(rows_T: Int32Array, embeddings_NH: Float32Array): Tensor2D {
    const { hiddenSize } = this.#config;
    return tensor2d(takeRows(embeddings_NH, rows_T, hiddenSize), [rows_T.length, hiddenSize]);
  }
}

/** Positions count from zero: attention sees their differences only. */
function packed({ offsets, rows }: UserSequences): { layout: PackedLayout; positions: Int32Array } {
  const positions = new Int32Array(rows.length);
  const lengths = Array.from({ length: offsets.length - 1 }, (_, sequence) => {
    const start = offsets[sequence] as number;
    const end = offsets[sequence + 1] as number;
    for (let row = start; row < end; row++) positions[row] = row - start;
    return end - start;
  });
  return { layout: packedLayout(lengths), positions };
}
