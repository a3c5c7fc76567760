/**
 * A chain of decoder layers. The forward keeps the states between the layers, T x H each; the
 * pullback walks back and hands over each layer's gradients as soon as they exist. Layers below the
 * lowest whose gradient anyone wants run forward and keep nothing.
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

/** What a backward is for. */
export interface WantedGradients {
  readonly input: boolean;
  parameter(layer: number, parameter: LayerParameter): boolean;
}

/** One pass that awaits its backward: it runs once, and `dispose` frees what is left. */
export interface DecoderPass {
  /**
   * The state behind the last layer, before the final norm; lives as long as the pass. [T, H], or
   * [sequences, H] where only the last rows were asked for.
   */
  readonly y: Tensor2D;
  /**
   * @param dy of y's shape.
   * @returns the gradient of the input [T, H], the caller's to dispose of; null where it is not wanted.
   */
  pullback(dy: Tensor2D, sink: GradientSink): Tensor2D | null;
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
    wanted: WantedGradients,
  ): DecoderPass {
    const geometry = this.#geometry(layout, positions_T);
    const lowest = lowestWanted(weights, wanted);
    const states = [this.#through(x, weights, geometry, rows, lowest)];
    const pullbacks: Pullback<LayerInput>[] = [];
    for (const [index, layer] of weights.entries()) {
      if (index < lowest) continue;
      const gradients = layerGradients(layer, index, wanted, index > lowest);
      const options = this.#options(index === weights.length - 1 ? rows : 'all', gradients);
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
        const dx = pullThrough(pullbacks, states, dy, (index, parameter, gradient) =>
          sink(lowest + index, parameter, gradient),
        );
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
    const state = this.#through(x, weights, geometry, rows, weights.length);
    dispose([geometry.cos, geometry.sin]);
    return state;
  }

  /** The state before layer `end`. Takes over x. */
  #through(
    x: Tensor2D,
    weights: readonly LayerWeights[],
    geometry: LayerGeometry,
    rows: RowsOut,
    end: number,
  ): Tensor2D {
    let state = x;
    for (const [index, layer] of weights.slice(0, end).entries()) {
      const options = this.#options(index === weights.length - 1 ? rows : 'all', []);
      const next = decoderLayerOnly(state, layer, geometry, this.#config, options);
      state.dispose();
      state = next;
    }
    return state;
  }

  #options(rows: RowsOut, gradients: readonly LayerInput[]): LayerOptions {
    const { precision, activations } = this.#computation;
    return { rows, precision, keepActivations: activations !== 'layer', gradients };
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

/** The lowest layer that a backward must reach; behind the last where it need not begin. */
function lowestWanted(weights: readonly LayerWeights[], wanted: WantedGradients): number {
  if (wanted.input) return 0;
  const lowest = weights.findIndex((layer, index) =>
    parametersOf(layer).some((parameter) => wanted.parameter(index, parameter)),
  );
  return lowest === -1 ? weights.length : lowest;
}

function layerGradients(
  layer: LayerWeights,
  index: number,
  wanted: WantedGradients,
  isAbove: boolean,
): LayerInput[] {
  const parameters = parametersOf(layer).filter((parameter) => wanted.parameter(index, parameter));
  return wanted.input || isAbove ? ['x', ...parameters] : parameters;
}

const parametersOf = (layer: LayerWeights): LayerParameter[] =>
  Object.keys(layer) as LayerParameter[];

/** Frees each state when the layer behind it has been pulled through. */
function pullThrough(
  pullbacks: readonly Pullback<LayerInput>[],
  states: readonly Tensor2D[],
  dy: Tensor2D,
  sink: GradientSink,
): Tensor2D | null {
  let gradient: Tensor2D | null = pullbacks.length === 0 ? null : dy.clone();
  for (let layer = pullbacks.length - 1; layer >= 0; layer--) {
    const of = gradient as Tensor2D;
    const { x, ...parameters } = (pullbacks[layer] as Pullback<LayerInput>)(of);
    of.dispose();
    states[layer + 1]?.dispose();
    gradient = (x as Tensor2D | undefined) ?? null;
    for (const [name, value] of Object.entries(parameters)) {
      sink(layer, name as LayerParameter, value as Tensor);
    }
  }
  return gradient;
}
