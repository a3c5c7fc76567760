import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { openEngine } from '../../engine/open-engine.js';
import { everythingTrains } from '../../model/parameters/what-trains.js';
import { stepFlops } from '../../model/step-flops.js';
import { openTinyModel, tinyItems, tinyPlan, tinyTexts } from '../../model/tiny-step.js';
import { ownWork } from './own-work.js';

before(() => openEngine('cpu', { threads: 1 }));

const batch = { plan: tinyPlan, items: tinyItems([...tinyTexts.keys()]) };
const tokens = tinyTexts.flat().length;
const shapes = {
  // One row more than words: the [ITEM] token.
  textRows: tinyTexts.map(({ length }) => length + 1),
  historyRows: [1, 2, 3],
  negatives: 4,
  fusion: null,
};

// Would catch a share of work by lanes that are as long as they are many.
test('work is counted from the shapes of the own lanes, all of them', () => {
  const { model } = openTinyModel();
  const flops = stepFlops(model.config, shapes);
  assert.deepEqual(ownWork(model, [batch]), { itemTokens: tokens, flops });
  assert.deepEqual(ownWork(model, [batch, batch]), { itemTokens: 2 * tokens, flops: 2 * flops });
  assert.deepEqual(ownWork(model, []), { itemTokens: 0, flops: 0 });
});

// Would catch a worker that is said to compute what it looks up.
test('frozen items are not computed', () => {
  const trains = { ...everythingTrains, item: { kind: 'nothing' } } as const;
  const { model } = openTinyModel({}, { trains });
  const { flops, itemTokens } = ownWork(model, [batch]);
  assert.equal(flops, stepFlops(model.config, { ...shapes, textRows: [] }));
  assert.equal(itemTokens, tokens);
});
