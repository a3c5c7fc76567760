/** A pretrained model in words. Pure. */
import type { PretrainedDescription } from '../../pretrained/describe-pretrained.js';

export interface TokenizerWord {
  /** Null where there is none that can be used. */
  readonly tokens: number | null;
  readonly problem: string | null;
}

const labelWidth = 18;

export function weightsText(model: PretrainedDescription, tokenizer: TokenizerWord): string {
  const { decoder } = model;
  const rows: readonly (readonly [string, string])[] = [
    ['model', model.path],
    [
      'format',
      model.format === 'gguf' ? 'GGUF' : `safetensors, ${count(model.files.length, 'file')}`,
    ],
    ['family', model.family],
    ['layers', number(decoder.layers)],
    ['hidden size', number(decoder.hiddenSize)],
    ['heads', headsText(model)],
    ['feed forward', number(decoder.intermediateSize)],
    ['positions', ropeText(model)],
    ['parameters', `${number(model.parameters)} in ${count(model.tensors, 'tensor')}`],
    ['stored as', storedText(model)],
    ['in memory', `${((model.parameters * 4) / 2 ** 20).toFixed(0)} MiB as float32`],
    [
      'embeddings',
      `${number(model.vocabularySize)} tokens${model.tied ? ', also the output' : ''}`,
    ],
    ['tokenizer', tokenizerText(tokenizer)],
    ['sha256', model.sha256],
  ];
  return rows.map(([label, value]) => `${label.padEnd(labelWidth)}${value}`).join('\n');
}

function headsText({ decoder }: PretrainedDescription): string {
  const { heads, keyValueHeads, headSize, attentionBias, queryKeyNorm } = decoder;
  const words = [`${heads} of ${headSize}, ${keyValueHeads} of keys and values`];
  if (attentionBias !== undefined) words.push(`biases of ${[...attentionBias].join(', ')}`);
  if (queryKeyNorm === true) words.push('queries and keys are normed');
  return words.join('; ');
}

function ropeText({ decoder, window }: PretrainedDescription): string {
  const { ropeTheta, ropeScaling } = decoder;
  const words = [`rotary, base ${number(ropeTheta)}`];
  if (ropeScaling !== undefined) words.push(`${ropeScaling.kind}, factor ${ropeScaling.factor}`);
  if (window !== null) words.push(`attention slides over ${number(window)}`);
  return words.join('; ');
}

const storedText = ({ dtypes, parameters }: PretrainedDescription): string =>
  dtypes
    .map(({ dtype, numbers }) => `${dtype} (${((100 * numbers) / parameters).toFixed(1)}%)`)
    .join(', ');

const tokenizerText = ({ tokens, problem }: TokenizerWord): string =>
  tokens === null ? `none: ${problem}` : `${number(tokens)} tokens`;

const number = (value: number): string => value.toLocaleString('en-US');
const count = (value: number, noun: string): string => `${value} ${noun}${value === 1 ? '' : 's'}`;
