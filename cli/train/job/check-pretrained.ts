/** Whether the dataset's tokens are those of the pretrained item model. */
import { readTokenizerFiles } from '../../../dataset/tokenizer/item-tokenizer.js';
import { tokenizerDifference } from '../../../dataset/tokenizer/tokenizer-difference.js';
import { openPretrained } from '../../../pretrained/open-pretrained.js';
import { JobSpecError } from '../../../shared/errors.js';
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { brokenRule } from '../../../shared/job-spec/rules/problems.js';

export interface PretrainedCheck {
  readonly datasetDirectory: string;
  /** Tokens of the dataset. */
  readonly vocabulary: number;
  readonly note: (text: string) => void;
}

/** @throws JobSpecError where the model has no embedding for some token; PretrainedError */
export async function checkPretrained(
  { spec }: TrainingJob,
  { datasetDirectory, vocabulary, note }: PretrainedCheck,
): Promise<void> {
  const { pretrained } = spec.model.item;
  if (pretrained === undefined) return;
  const { path } = pretrained;
  const { config, source } = await openPretrained(path);
  await source.close();
  if (config.vocabularySize < vocabulary) {
    const rule =
      `a model that has an embedding for each of the dataset's ${vocabulary} tokens: ` +
      `it has ${config.vocabularySize}`;
    throw new JobSpecError([brokenRule('spec.model.item.pretrained.path', rule, path)]);
  }
  const difference = await differenceOf(datasetDirectory, path);
  if (difference === null) return;
  note(
    `The dataset's tokens are not those of ${path}: ${difference}: the pretrained embeddings stand for ` +
      'other words, unless the data is imported with --tokenizer and that path',
  );
}

/** A model without a tokenizer that can be read says nothing of the dataset's. */
async function differenceOf(dataset: string, model: string): Promise<string | null> {
  const theirs = await readTokenizerFiles(model).catch(() => null);
  return theirs === null ? null : tokenizerDifference(await readTokenizerFiles(dataset), theirs);
}
