/** The parameters as tensors of the engine, made anew from the flat vector after every update. */
import { engine, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { hasKernel } from '../autodiff/has-kernel.js';
import type { LayerWeights } from '../decoder/decoder-layer.js';
import { type AdapterTensors, adaptedWeight, adapterGradients } from './adapted-weight.js';
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
  /** Those with an adapter have it added. */
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: Tensor;
  /** By the name of their matrix. */
  readonly adapters: ReadonlyMap<string, LoadedAdapter>;
}

interface LoadedAdapter extends AdapterTensors {
  /** The matrix without it, which does not move. */
  readonly weight: Tensor;
}

/** @param before of the same flat vector before an update: what does not train is taken from it. */
export function decoderWeights(
  layout: ParameterLayout,
  flat: Float32Array,
  llm: Llm,
  layers: number,
  before: DecoderWeights | null = null,
): DecoderWeights {
  const adapters = new Map<string, LoadedAdapter>();
  const load = (name: string): Tensor => {
    const entry: ParameterEntry = layout.entry(name);
    return tensor(layout.view(flat, name), [...entry.shape], 'float32');
  };
  const frozen = (name: string, old: Tensor | undefined): Tensor =>
    old === undefined || layout.isTrained(name) ? load(name) : old;
  const adapted = (name: string, old: Tensor | undefined): Tensor => {
    const adapter = layout.adapterOf(name);
    if (adapter === null) return frozen(name, old);
    const weight = before?.adapters.get(name)?.weight ?? load(name);
    const loaded = { weight, a: load(adapter.a), b: load(adapter.b), scale: adapter.scale };
    adapters.set(name, loaded);
    return adaptedWeight(weight, loaded);
  };
  const all = Object.keys(layerParameters) as LayerParameter[];
  const names = all.filter((name) => layout.has(layerParameterName(llm, 0, name)));
  return {
    layers: Array.from(
      { length: layers },
      (_, layer) =>
        Object.fromEntries(
          names.map((name) => [
            name,
            adapted(layerParameterName(llm, layer, name), before?.layers[layer]?.[name]),
          ]),
        ) as LayerWeights,
    ),
    finalNorm: frozen(finalNormName(llm), before?.finalNorm),
    adapters,
  };
}

export const weightTensors = ({ layers, finalNorm, adapters }: DecoderWeights): Tensor[] => [
  ...layers.flatMap((layer) => Object.values(layer)),
  finalNorm,
  ...[...adapters.values()].flatMap(({ weight, a, b }) => [weight, a, b]),
];

const toHost = 'LockstepToHost';

/**
 * Brings the gradients of a backward to the host. An engine with a device of its own starts each
 * copy when the gradient exists and is waited for once, at the end, so it never stands still.
 */
export class GradientWriter {
  readonly #layout: ParameterLayout;
  readonly #adapters: DecoderWeights['adapters'];
  readonly #waiting: [name: string, gradient: Tensor][] = [];

  constructor(layout: ParameterLayout, { adapters }: Pick<DecoderWeights, 'adapters'>) {
    this.#layout = layout;
    this.#adapters = adapters;
  }

  /** Takes over `gradient`; that of a matrix with an adapter becomes the adapter's. */
  add(name: string, gradient: Tensor): void {
    if (this.#layout.isTrained(name)) {
      this.#send(name, gradient);
      return;
    }
    const adapter = this.#layout.adapterOf(name);
    if (adapter !== null) {
      const { a, b } = adapterGradients(gradient, this.#adapters.get(name) as AdapterTensors);
      this.#send(adapter.a, a);
      this.#send(adapter.b, b);
    }
    gradient.dispose();
  }

  #send(name: string, gradient: Tensor): void {
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
