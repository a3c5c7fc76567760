/**
 * A chain of decoder layers. The forward keeps the states between the layers, T x H each; the
 * pullback walks back and hands over each layer's gradients as soon as they exist.
 */
import { dispose, type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import type { Pullback } from '../autodiff/vjp.js';
import { type Computation, type DecoderConfig, headSize } from '../model-config.js';
import type { LayerParameter } from '../parameters/parameter-layout.js';
import {
  decoderLayer,
  decoderLayerOnly,
  type LayerGeometry,
  type LayerInput,
  type LayerOptions,
  type LayerWeights,
  type RowsOut,
} from './decoder-layer.js';
import type { PackedLayout } from './packed-layout.js';
import { RotaryTable } from './rope.js';

/** Takes over a gradient, once each. */
export type GradientSink = (layer: number, parameter: LayerParameter, gradient: Tensor) => void;

/** One pass that awaits its backward: it runs once, and `dispose` frees what is left. */
export interface DecoderPass {
  /**
   * The state behind the last layer, before the final norm; lives as long as the pass. [T, H], or
   * [sequences, H] where only the last rows were asked for.
   */
  readonly y: Tensor2D;
  /** @param dy of y's shape. @returns the gradient of the input [T, H], the caller's to dispose of. */
  pullback(dy: Tensor2D, sink: GradientSink): Tensor2D;
  dispose(): void;
}

export class Decoder {
  readonly #config: DecoderConfig;
  readonly #computation: Computation;
  readonly #rotary: RotaryTable;

  constructor(config: DecoderConfig, computation: Computation) {
    this.#config = config;
    this.#computation = computation;
    this.#rotary = new RotaryTable(headSize(config), config.ropeTheta, config.ropeScaling);
  }

  /**
   * @param x [T, H]; the pass takes it over.
   * @param positions_T the position of each row within its sequence.
   */
  run(
    x: Tensor2D,
    weights: readonly LayerWeights[],
    layout: PackedLayout,
    positions_T: Int32Array,
    rows: RowsOut,
  ): DecoderPass {
    const geometry = this.#geometry(layout, positions_T);
    const states = [x];
    const pullbacks: Pullback<LayerInput>[] = [];
    for (const [index, layer] of weights.entries()) {
      const options = this.#options(index === weights.length - 1 ? rows : 'all');
      const x = states.at(-1) as Tensor2D;
      const [y, pullback] = decoderLayer(x, layer, geometry, this.#config, options);
      states.push(y);
      pullbacks.push(pullback);
    }
    const release = (): void => {
      dispose([...states, geometry.cos, geometry.sin]);
    };
    return {
      y: states.at(-1) as Tensor2D,
      pullback: (dy, sink) => {
        const dx = pullThrough(pullbacks, states, dy, sink);
        release();
        return dx;
      },
      dispose: () => {
        for (const pullback of pullbacks) pullback.dispose();
        release();
      },
    };
  }

  /** The state behind the last layer, and no backward. Takes over x; the caller disposes of y. */
  read(
    x: Tensor2D,
    weights: readonly LayerWeights[],
    layout: PackedLayout,
    positions_T: Int32Array,
    rows: RowsOut,
  ): Tensor2D {
    const geometry = this.#geometry(layout, positions_T);
    let state = x;
    for (const [index, layer] of weights.entries()) {
      const options = this.#options(index === weights.length - 1 ? rows : 'all');
      const next = decoderLayerOnly(state, layer, geometry, this.#config, options);
      state.dispose();
      state = next;
    }
    dispose([geometry.cos, geometry.sin]);
    return state;
  }

  #options(rows: RowsOut): LayerOptions {
    const { precision, activations } = this.#computation;
    return { rows, precision, keepActivations: activations !== 'layer' };
  }

  #geometry(layout: PackedLayout, positions_T: Int32Array): LayerGeometry {
    const { cos, sin } = this.#rotary.rows(positions_T);
    const shape: [number, number] = [layout.rows, headSize(this.#config) / 2];
    return {
      groups: layout.groups,
      cos: tensor2d(cos, shape),
      sin: tensor2d(sin, shape),
    };
  }
}

/** Frees each state when the layer behind it has been pulled through. */
function pullThrough(
  pullbacks: readonly Pullback<LayerInput>[],
  states: readonly Tensor2D[],
  dy: Tensor2D,
  sink: GradientSink,
): Tensor2D {
  let gradient = dy.clone();
  for (let layer = pullbacks.length - 1; layer >= 0; layer--) {
    const { x, ...parameters } = (pullbacks[layer] as Pullback<LayerInput>)(gradient);
    gradient.dispose();
    states[layer + 1]?.dispose();
    gradient = x as Tensor2D;
    for (const [name, value] of Object.entries(parameters)) {
      sink(layer, name as LayerParameter, value);
    }
  }
  return gradient;
}
