/** Both towers of HLLM: shapes and initial weights. */
import { z } from 'zod';
import { defaultTextLength } from '../defaults.js';
import { choice, derivedInteger, derivedReal, exactly, integer, real, text } from '../fields.js';
import { partlyTrained, train } from './train.js';

const ropeScaling = z.strictObject({
  kind: choice(
    ['linear', 'llama3'],
    'Divides all rotary frequencies by `factor`, or (Llama 3.1) the low ones.',
  ),
  factor: real('[1, 1000000]', 'What frequencies are divided by.'),
  lowFrequencyFactor: derivedReal(
    '(0, 1000000]',
    'none',
    'Wavelengths over `originalContext` / this are divided by the whole `factor`; only for `llama3`.',
  ),
  highFrequencyFactor: derivedReal(
    '(0, 1000000]',
    'none',
    'Wavelengths under `originalContext` / this stay; larger than `lowFrequencyFactor`; only for ' +
      '`llama3`.',
  ),
  originalContext: derivedInteger(
    '[1, 1000000000]',
    'none',
    'Positions that the model was pretrained on before it was stretched; only for `llama3`.',
  ),
});

const pretrained = z.strictObject({
  path: text(
    /^[^\0]+$/,
    4096,
    'a path of 1 to 4096 characters',
    'A Hugging Face folder (Llama, Mistral, Qwen2, Qwen3) or a GGUF file; docs/pretrained.md says more.',
  ),
  sha256: text(
    /^[0-9a-f]{64}$/,
    64,
    '64 hexadecimal digits',
    'Digest of the weights, as `lockstep weights` prints it; found where it is left out.',
  ).optional(),
  layers: derivedInteger('[1, 256]', 'all', 'Only the first layers, and the final norm.'),
});

/** One decoder: Llama's, or what Mistral, Qwen2 and Qwen3 change in it. */
const decoder = z
  .strictObject({
    hiddenSize: integer('[2, 16384]', 'Width of the residual stream.').default(64),
    layers: integer('[1, 256]', 'Decoder layers.').default(2),
    heads: integer('[1, 256]', 'Attention heads.').default(4),
    headSize: derivedInteger(
      '[2, 4096]',
      '`hiddenSize` / `heads`',
      'Numbers of an attention head, an even count.',
    ),
    keyValueHeads: derivedInteger(
      '[1, 256]',
      '`heads`',
      'Key and value heads, a divisor of `heads`; fewer of them is grouped-query attention.',
    ),
    intermediateSize: derivedInteger(
      '[1, 65536]',
      '4 x `hiddenSize`',
      'Width of the gated feed-forward layer.',
    ),
    normEps: real('(0, 0.1]', 'Added to the mean square in RMSNorm.').default(1e-5),
    ropeTheta: real('[1, 1000000000]', 'Base of the rotary position frequencies.').default(10_000),
    ropeScaling: ropeScaling.optional().meta({
      description: 'Stretches the positions of a pretrained model; none where it is left out.',
    }),
    attentionBias: choice(
      ['qkv', 'qkvo'],
      'Attention’s projections have biases: those of queries, keys and values (Qwen2), or that of ' +
        'the output too; none where it is left out.',
    ).optional(),
    queryKeyNorm: exactly(
      true,
      'Every head of queries and keys is normed before it is rotated (Qwen3); not so where it is ' +
        'left out.',
    ).optional(),
    pretrained: pretrained.optional().meta({
      description:
        'Weights to start from. All other fields of the section follow from them, and are refused where ' +
        'they say something else; the user model drops the embedding table.',
    }),
    train: train.optional(),
  })
  .transform(({ headSize, train, ...given }) => ({
    ...given,
    ...partlyTrained(train),
    keyValueHeads: given.keyValueHeads ?? given.heads,
    intermediateSize: given.intermediateSize ?? 4 * given.hiddenSize,
    // Left out where it says what holds anyway: the same model is the same job.
    ...(headSize !== undefined && headSize * given.heads !== given.hiddenSize && { headSize }),
  }));

export const model = z.strictObject({
  item: decoder.prefault({}).meta({ description: 'Reads the text of an item.' }),
  user: decoder
    .prefault({})
    .meta({ description: 'Reads a sequence of item embeddings; `hiddenSize` as in `item`.' }),
  itemEmbedding: choice(
    ['item-token', 'mean'],
    'The embedding of an item: the last state of an [ITEM] token behind its text, or the mean ' +
      'over its text.',
  ).default('item-token'),
  maxTextLength: integer('[1, 8192]', 'Tokens of an item text; longer texts are cut.').default(
    defaultTextLength,
  ),
  initializerRange: real(
    '(0, 1]',
    'Standard deviation of the initial weights, as in Hugging Face; small models want more.',
  ).default(0.02),
});
