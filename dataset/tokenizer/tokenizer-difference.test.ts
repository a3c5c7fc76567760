import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenizerDifference } from './tokenizer-difference.js';
import { learn } from './tokenizer-fixture.js';

// Catches: a dataset of learnt words under pretrained embeddings, of which each is another word's.
test('tokenizers differ where a token or the cut of a text does', () => {
  const ours = learn(['a toy story', 'a story']);
  assert.equal(tokenizerDifference(ours, ours), null);
  const file = JSON.parse(ours.json) as { model: { vocab: Record<string, number> } };
  const withVocabulary = (vocab: Record<string, number>) => ({
    ...file,
    model: { ...file.model, vocab },
  });
  const changed = withVocabulary({ '[UNK]': 0, a: 1, toys: 2, story: 3 });
  const longer = withVocabulary({ ...file.model.vocab, more: 99 });
  const files = (json: object) => ({ ...ours, json: JSON.stringify(json) });
  assert.match(
    tokenizerDifference(ours, files(changed)) ?? '',
    /^token \d is ".*" in the dataset and ".*" in the model$/,
  );
  assert.equal(tokenizerDifference(ours, files(longer)), null);
  assert.match(tokenizerDifference(files(longer), ours) ?? '', /token 99 is "more" .* and none/);
});
