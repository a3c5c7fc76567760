/** Both towers of HLLM: shapes and initial weights. */
import { z } from 'zod';
import { defaultTextLength } from '../defaults.js';
import { choice, derivedInteger, integer, real } from '../fields.js';

/** One Llama decoder. */
const decoder = z
  .strictObject({
    hiddenSize: integer('[2, 16384]', 'Width of the residual stream.').default(64),
    layers: integer('[1, 256]', 'Decoder layers.').default(2),
    heads: integer('[1, 256]', 'Attention heads; they share the hidden size evenly.').default(4),
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
  })
  .transform((given) => ({
    ...given,
    keyValueHeads: given.keyValueHeads ?? given.heads,
    intermediateSize: given.intermediateSize ?? 4 * given.hiddenSize,
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
