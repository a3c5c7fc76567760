import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../dataset.js';
import { createItemTokenizer } from '../tokenizer/item-tokenizer.js';
import { importDataset } from './import-dataset.js';
import { goodInteractions, temporaryFolder, writeInput } from './import-fixture.js';

const items = 'item_id,title\na,千と千尋の神隠し\nb,千年女優 (2001)\nc,Toy Story\n';

for (const model of ['word', 'bpe'] as const) {
  test(`${model}: the folder holds all that tokenises a new text as the old ones were`, async (context) => {
    // Catches a tokenizer that only the import itself has, and a model that the manifest does not name.
    const options = writeInput(temporaryFolder(context), items, goodInteractions);
    const tokenizer = { kind: 'learned', model, minimumFrequency: null, maximumSize: 600 } as const;
    const { manifest } = await importDataset({ ...options, tokenizer });
    const frequency = model === 'word' ? 1 : 2;
    const said = { ...tokenizer, minimumFrequency: frequency };
    assert.deepEqual(manifest.options.tokenizer, said);
    const dataset = await openDataset(options.output);
    const [json, config] = ['tokenizer.json', 'tokenizer_config.json'].map((name) =>
      readFileSync(join(options.output, name), 'utf8'),
    );
    const kept = createItemTokenizer({ json: json!, config: config! }, 'kept');
    const encoded = ['千と千尋の神隠し', '千年女優 (2001)', 'Toy Story'].flatMap((title) =>
      kept.encode(`title: ${title}`),
    );
    assert.deepEqual(encoded, [...dataset.itemTokens]);
    assert.equal(kept.vocabularySize, dataset.vocabularySize);
  });
}

test('titles without spaces share their characters, and the import says so', async (context) => {
  const options = writeInput(temporaryFolder(context), items, goodInteractions);
  const { texts, words } = (await importDataset(options)).manifest.report!;
  assert.deepEqual([texts.ownAlone, words], [1, { distinct: 17, once: 14 }]);
});
