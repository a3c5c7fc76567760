/** Whether two tokenizers give texts the same ids; where they do not, embeddings of one are none of the other's. */
import { createItemTokenizer, type TokenizerFiles } from './item-tokenizer.js';

/** Cases, digits, punctuation, accents and other scripts: where tokenizers of one family part. */
const probes = [
  'The Lord of the Rings (2001), part 1',
  "  it's 12345.6%\tof São Paulo",
  '日本語 Ελλάδα',
];

/**
 * Null where they are the same to all that is compared: every token's id, and the ids of some texts.
 *
 * @param ours that of a dataset. @param theirs that of a model, which may have more tokens.
 * @throws DatasetError where one of them is none
 */
export function tokenizerDifference(ours: TokenizerFiles, theirs: TokenizerFiles): string | null {
  const [mine, other] = [tokensOf(ours), tokensOf(theirs)];
  for (const [id, token] of [...mine].sort(([a], [b]) => a - b)) {
    if (other.get(id) === token) continue;
    const is = other.has(id) ? JSON.stringify(other.get(id)) : 'none';
    return `token ${id} is ${JSON.stringify(token)} in the dataset and ${is} in the model`;
  }
  const [encoder, reference] = [
    createItemTokenizer(ours, "the dataset's"),
    createItemTokenizer(theirs, "the model's"),
  ];
  const probe = probes.find(
    (text) => encoder.encode(text).join() !== reference.encode(text).join(),
  );
  return probe === undefined
    ? null
    : `${JSON.stringify(probe)} has the tokens ${encoder.encode(probe)} in the dataset and ${reference.encode(probe)} in the model`;
}

interface Description {
  readonly model?: { readonly vocab?: Readonly<Record<string, number>> | readonly unknown[][] };
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[];
}

/** Tokens by id. Unigram's vocabulary is a list, all others' a mapping. */
function tokensOf({ json }: TokenizerFiles): Map<number, string> {
  const { model, added_tokens = [] } = JSON.parse(json) as Description;
  const vocab = model?.vocab ?? {};
  const tokens = new Map<number, string>();
  const entries = Array.isArray(vocab)
    ? vocab.map((entry, id) => [String(entry[0]), id] as const)
    : (Object.entries(vocab) as [string, number][]);
  for (const [token, id] of entries) tokens.set(id, token);
  for (const { id, content } of added_tokens) tokens.set(id, content);
  return tokens;
}
