/**
 * The text by which the item model knows an item: a prompt, then `key: value` for each field that
 * has a value, as HLLM composes it (arXiv:2409.12740, section 3; its loader puts nothing between
 * one value and the next key, which is what an empty separator does).
 */
export interface TextField {
  /** The column of the items file. */
  readonly column: string;
  /** The key in the text. */
  readonly key: string;
}

export interface TextOptions {
  readonly prompt: string;
  readonly separator: string;
  /** Blanks around a value stay, for a pretrained tokenizer: HLLM keeps them. Left out: they go. */
  readonly keepBlanks?: boolean;
}

/** HLLM's own prompt; for pretrained models. */
export const hllmPrompt = 'Compress the following sentence into embedding: ';

export function composeItemText(
  { prompt, separator, keepBlanks }: TextOptions,
  keys: readonly string[],
  values: readonly string[],
): string {
  const parts: string[] = [];
  for (const [index, key] of keys.entries()) {
    const value = keepBlanks ? values[index]! : values[index]!.trim();
    if (value !== '') parts.push(`${key}: ${value}`);
  }
  return prompt + parts.join(separator);
}
