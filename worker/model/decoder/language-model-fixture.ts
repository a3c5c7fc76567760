/** For tests: a pretrained model as the language model that it was, from tokens to logits. */
import {
  gather,
  matMul,
  type Tensor,
  type Tensor2D,
  tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { openPretrained } from '../../../pretrained/open-pretrained.js';
import { elementsOf, type TensorSource } from '../../../pretrained/tensor-source.js';
import { decoderConfig } from '../../training/from-job.js';
import { type DecoderConfig, plainComputation } from '../model-config.js';
import { type LayerParameter, layerParameters } from '../parameters/parameter-layout.js';
import { Decoder } from './decoder.js';
import { type LayerWeights, rmsNorm } from './decoder-layer.js';
import { packedLayout } from './packed-layout.js';

export interface LanguageModel {
  readonly config: DecoderConfig;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: Tensor;
  /** [V, H] */
  readonly embeddings: Tensor2D;
  /** [V, H]; the embeddings themselves where they are tied. */
  readonly output: Tensor2D;
}

/** Of the engine that is open. */
export async function readLanguageModel(path: string): Promise<LanguageModel> {
  const { config, source } = await openPretrained(path);
  const weights = new Map<string, Tensor>();
  for (const { name, shape } of source.tensors) {
    weights.set(name, tensor(await wholeTensor(source, name), [...shape]));
  }
  await source.close();
  const of = (name: string): Tensor => weights.get(name) as Tensor;
  const embeddings = of('model.embed_tokens.weight') as Tensor2D;
  return {
    config: decoderConfig(config.decoder),
    layers: Array.from({ length: config.decoder.layers }, (_, layer) => layerOf(weights, layer)),
    finalNorm: of('model.norm.weight'),
    embeddings,
    output: config.tied ? embeddings : (of('lm_head.weight') as Tensor2D),
  };
}

/** Of one text, as Hugging Face has them: behind the final norm [T, H], and [T, V]. */
export function readText(
  { config, layers, finalNorm, embeddings, output }: LanguageModel,
  tokens: readonly number[],
): { states: Float32Array; logits: Float32Array } {
  const decoder = new Decoder(config, plainComputation);
  const x = gather(embeddings, tensor1d([...tokens], 'int32')) as Tensor2D;
  const positions = Int32Array.from(tokens.keys());
  const y = decoder.read(x, layers, packedLayout([tokens.length]), positions, 'all');
  const states = rmsNorm(y, finalNorm, config.normEps) as Tensor2D;
  const logits = matMul(states, output, false, true);
  return { states: states.dataSync<'float32'>(), logits: logits.dataSync<'float32'>() };
}

function layerOf(weights: ReadonlyMap<string, Tensor>, layer: number): LayerWeights {
  const names = Object.keys(layerParameters) as LayerParameter[];
  const found = names.flatMap((name) => {
    const weight = weights.get(`model.layers.${layer}.${layerParameters[name]}`);
    return weight === undefined ? [] : [[name, weight] as const];
  });
  return Object.fromEntries(found) as LayerWeights;
}

async function wholeTensor(source: TensorSource, name: string): Promise<Float32Array> {
  const described = source.tensors.find((each) => each.name === name);
  const whole = new Float32Array(described === undefined ? 0 : elementsOf(described));
  let at = 0;
  for await (const piece of source.read(name, { begin: 0, end: whole.length })) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
