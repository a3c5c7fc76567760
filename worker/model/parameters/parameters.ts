/** The parameters as tensors of the engine, made anew from the flat vector after every update. */
import { dispose, engine, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { hasKernel } from '../autodiff/has-kernel.js';
import type { LayerWeights } from '../decoder/decoder-layer.js';
import {
  finalNormName,
  type LayerParameter,
  type Llm,
  layerParameterName,
  layerParameters,
  type ParameterEntry,
  type ParameterLayout,
} from './parameter-layout.js';
import { readInto } from './read-into.js';

/** The weights of one decoder. */
export interface DecoderWeights {
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: Tensor;
}

export function decoderWeights(
  layout: ParameterLayout,
  flat: Float32Array,
  llm: Llm,
  layers: number,
): DecoderWeights {
  const load = (name: string): Tensor => {
    const entry: ParameterEntry = layout.entry(name);
    return tensor(layout.view(flat, name), [...entry.shape], 'float32');
  };
  const all = Object.keys(layerParameters) as LayerParameter[];
  const names = all.filter((name) => layout.has(layerParameterName(llm, 0, name)));
  return {
    layers: Array.from(
      { length: layers },
      (_, layer) =>
        Object.fromEntries(
          names.map((name) => [name, load(layerParameterName(llm, layer, name))]),
        ) as LayerWeights,
    ),
    finalNorm: load(finalNormName(llm)),
  };
}

export function disposeWeights({ layers, finalNorm }: DecoderWeights): void {
  dispose([...layers.flatMap((layer) => Object.values(layer)), finalNorm]);
}

const toHost = 'LockstepToHost';

/**
 * Brings the gradients of a backward to the host. An engine with a device of its own starts each
 * copy when the gradient exists and is waited for once, at the end, so it never stands still.
 */
export class GradientWriter {
  readonly #layout: ParameterLayout;
  readonly #waiting: [name: string, gradient: Tensor][] = [];

  constructor(layout: ParameterLayout) {
    this.#layout = layout;
  }

  /** Takes over `gradient`. */
  add(name: string, gradient: Tensor): void {
    if (!this.#layout.isTrained(name)) {
      gradient.dispose();
      return;
    }
    if (!hasKernel(toHost)) {
      this.#waiting.push([name, gradient]);
      return;
    }
    this.#waiting.push([name, engine().runKernel(toHost, { x: gradient }) as Tensor]);
    gradient.dispose();
  }

  /** Writes each where it belongs in the flat gradient. */
  write(flat: Float32Array): void {
    for (const [name, gradient] of this.#waiting) {
      readInto(gradient, this.#layout.view(flat, name));
      gradient.dispose();
    }
    this.#waiting.length = 0;
  }
}
