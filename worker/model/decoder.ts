/**
 * A chain of decoder layers. The forward keeps the states between the layers, T x H each; the
 * pullback walks back and hands over each layer's gradients as soon as they exist.
 */
import { dispose, type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import {
  decoderLayer,
  decoderLayerOnly,
  type LayerGeometry,
  type LayerInput,
  type LayerWeights,
} from './decoder-layer.js';
import { type DecoderConfig, headSize } from './model-config.js';
import type { PackedLayout } from './packed-layout.js';
import type { LayerParameter } from './parameter-layout.js';
import { RotaryTable } from './rope.js';
import type { Pullback } from './vjp.js';

/** Receives a gradient once; the decoder disposes of it afterwards. */
export type GradientSink = (layer: number, parameter: LayerParameter, gradient: Tensor) => void;

/** One pass that awaits its backward. Exactly one of `pullback` and `dispose` is called, once. */
export interface DecoderPass {
  /** The state behind the last layer, before the final norm [T, H]; lives as long as the pass. */
  readonly y: Tensor2D;
  /** @returns the gradient of the input [T, H], the caller's to dispose of. */
  pullback(dy: Tensor2D, sink: GradientSink): Tensor2D;
  dispose(): void;
}

export class Decoder {
  readonly #config: DecoderConfig;
  readonly #rotary: RotaryTable;

  constructor(config: DecoderConfig) {
    this.#config = config;
    this.#rotary = new RotaryTable(headSize(config), config.ropeTheta);
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
  ): DecoderPass {
    const geometry = this.#geometry(layout, positions_T);
    const states = [x];
    const pullbacks: Pullback<LayerInput>[] = [];
    for (const layer of weights) {
      const [y, pullback] = decoderLayer(states.at(-1) as Tensor2D, layer, geometry, this.#config);
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

  /** The last state only, for evaluation. Takes over x; the caller disposes of the result. */
  read(
    x: Tensor2D,
    weights: readonly LayerWeights[],
    layout: PackedLayout,
    positions_T: Int32Array,
  ): Tensor2D {
    const geometry = this.#geometry(layout, positions_T);
    let state = x;
    for (const layer of weights) {
      const next = decoderLayerOnly(state, layer, geometry, this.#config);
      state.dispose();
      state = next;
    }
    dispose([geometry.cos, geometry.sin]);
    return state;
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
      value.dispose();
    }
  }
  return gradient;
}
