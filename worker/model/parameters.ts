/** The parameters as tensors of the engine, made anew from the flat vector after every update. */
import { dispose, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { LayerWeights } from './decoder-layer.js';
import {
  finalNormName,
  type LayerParameter,
  type Llm,
  layerParameterName,
  layerParameters,
  type ParameterEntry,
  type ParameterLayout,
} from './parameter-layout.js';

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
  const names = Object.keys(layerParameters) as LayerParameter[];
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

/** Writes a parameter's gradient where it belongs in the flat gradient. */
export function writeGradient(
  layout: ParameterLayout,
  flat: Float32Array,
  name: string,
  gradient: Tensor,
): void {
  layout.view(flat, name).set(gradient.dataSync<'float32'>());
}
