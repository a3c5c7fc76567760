import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { rank, step } from '../../../shared/ids.js';
import { judgeHashes } from '../../../shared/ledger/judge-hashes.js';
import { usersDigest } from '../../../shared/ledger/lane-users.js';
import { evenShares } from '../../../shared/plan/lane-ownership.js';
import type { ByteRange } from '../../../storage/pieces.js';
import { javascriptArithmetic } from '../../arithmetic/javascript-arithmetic.js';
import { openExchange } from '../../collective/open-exchange.js';
import { openEngine } from '../../engine/open-engine.js';
import type { ModelConfig } from '../../model/model-config.js';
import { NoLiveNegativesError } from '../../model/objectives/generative/no-live-negatives-error.js';
import { everythingTrains } from '../../model/parameters/what-trains.js';
import { openTinyModel, tinyItems, tinyPlan, tinyTexts } from '../../model/tiny-step.js';
import { hashedBytes, hashedPart, hashState } from '../../state/state-hash.js';
import { NonFiniteError } from './non-finite-error.js';
import { openTinyTrainer } from './tiny-trainer-fixture.js';

/** @param spoil changes the weights before the model reads them. */
const tinyBatch = { plan: tinyPlan, items: tinyItems([...tinyTexts.keys()]) };

function openTrainer(
  spoil: (flat: Float32Array) => void = () => undefined,
  changes: Partial<ModelConfig> = {},
  trains = everythingTrains,
) {
  const { model, flat } = openTinyModel(changes, { trains });
  spoil(flat);
  const trainer = openTinyTrainer(
    model,
    flat,
    openExchange(null, {
      rank: rank(0),
      shares: evenShares(1, 1),
      arithmetic: javascriptArithmetic,
    }),
  );
  return { trainer, flat, model };
}

const range = ({ begin, end }: ByteRange) => ({ from: begin, to: end, value: '' });

describe('trainer', () => {
  before(() => openEngine('cpu', { threads: 1 }));

  // Would catch a step that is reported but never applied.
  it('commits a step: counts it and moves the parameters', async () => {
    const { trainer, flat } = openTrainer();
    const start = flat.slice();
    const { report } = await trainer.step([tinyBatch]);
    assert.ok(Number.isFinite(report.loss));
    assert.equal(trainer.committedSteps, 1);
    assert.notDeepEqual(trainer.state.parameters, start);
  });

  // Would catch a ledger of what was planned instead of trained, and checkpoints whose state nobody compares.
  it('says whom it trained on and what its state is, all of it where a checkpoint is due', async () => {
    const { trainer } = openTrainer();
    const { users } = tinyPlan;
    const [first, second, third] = [
      await trainer.step([tinyBatch]),
      await trainer.step([tinyBatch], { hashWhole: true }),
      await trainer.step([tinyBatch], { stop: true }),
    ];
    assert.deepEqual(first.report.lanes, [{ users: users.length, digest: usersDigest(users) }]);
    const bytes = hashedBytes(trainer.state);
    assert.deepEqual({ ...first.report.stateHash, value: '' }, range(hashedPart(step(0), bytes)));
    assert.deepEqual({ ...second.report.stateHash, value: '' }, range({ begin: 0, end: bytes }));
    const whole = hashState(javascriptArithmetic, trainer.state, { begin: 0, end: bytes });
    assert.deepEqual(third.report.stateHash, whole);
  });

  // Would catch memory that changes bits without an error: every member applies the same gradient, so
  // no number of a step would ever tell.
  it('tells whose state has a bit that nobody wrote', async () => {
    const members = [openTrainer(), openTrainer(), openTrainer()];
    const judged = async () => {
      const outcomes = await Promise.all(members.map(({ trainer }) => trainer.step([tinyBatch])));
      return judgeHashes(
        outcomes.map(({ report: { stateHash } }, index) => ({ worker: `${index}`, stateHash })),
      );
    };
    assert.equal((await judged()).kind, 'agree');
    const { secondMoments } = (members[1] as (typeof members)[number]).trainer.state;
    const words = new Uint32Array(secondMoments.buffer);
    words[5] = (words[5] as number) ^ 0x40000;
    const verdict = await judged();
    assert.deepEqual(verdict.kind === 'outvoted' && verdict.odd.map(({ worker }) => worker), ['1']);
  });

  // Would catch a decay, or rounding, that moves what is frozen, and moments that nobody needs.
  it('moves what trains and not a bit of what is frozen', async () => {
    const lora = { kind: 'lora', rank: 2, alpha: 2, targets: ['q', 'v'] } as const;
    const nothing = { kind: 'nothing' } as const;
    for (const trains of [
      { item: lora, user: { kind: 'last', layers: 1 } },
      { item: nothing, user: lora },
      { item: { kind: 'last', layers: 1 }, user: nothing },
      { item: nothing, user: nothing },
    ] as const) {
      const { trainer, flat, model } = openTrainer(() => undefined, {}, trains);
      const start = flat.slice();
      await trainer.step([tinyBatch]);
      await trainer.step([tinyBatch]);
      assert.equal(trainer.state.firstMoments.length, model.layout.trainedLength);
      for (const { name } of model.layout.entries) {
        const moved = model.layout
          .view(flat, name)
          .some((value, index) => value !== model.layout.view(start, name)[index]);
        assert.equal(moved, model.layout.isTrained(name), name);
      }
    }
  });

  // Would catch a diverged step that is committed, and so ends up in a checkpoint.
  it('stops at a weight that is not a number, and applies nothing', async () => {
    const { trainer, flat } = openTrainer((weights) => weights.set([Number.NaN]));
    const start = flat.slice();
    await assert.rejects(trainer.step([tinyBatch]), NonFiniteError);
    assert.equal(trainer.committedSteps, 0);
    assert.deepEqual(trainer.state.parameters, start);
    assert.ok(trainer.state.firstMoments.every((moment) => moment === 0));
  });

  // Would catch a loss of zero that is reported as success: HLLM's mask by cosine leaves out every
  // negative once embeddings have moved together, and then nothing can ever move again.
  it('stops where every negative is left out, says what to change and applies nothing', async () => {
    const everything = { kind: 'cosine', threshold: -1 } as const;
    const { trainer, flat } = openTrainer(() => undefined, { falseNegatives: everything });
    const start = flat.slice();
    await assert.rejects(trainer.step([tinyBatch]), (error: Error) => {
      assert.ok(error instanceof NoLiveNegativesError);
      assert.equal(error.code, 'NO_LIVE_NEGATIVES');
      assert.match(error.message, /step 0.*objective\.falseNegatives to text/);
      return true;
    });
    assert.equal(trainer.committedSteps, 0);
    assert.deepEqual(trainer.state.parameters, start);
  });

  // Would catch counts that include the positive, and negatives of one row that only one of its
  // predictions leaves out.
  it('counts the negatives that were held against the model', async () => {
    const { trainer } = openTrainer(() => undefined, { falseNegatives: { kind: 'rows' } });
    const { report } = await trainer.step([tinyBatch]);
    // The four negatives are the rows 0 3 3 6; the targets are 2, 4 1 and 2 5 3.
    assert.equal(report.measures.predictions, 6);
    assert.equal(report.measures.live_negatives, (6 * 4 - 2) / 6);
    assert.equal(report.measures.least_live_negatives, 2);
  });
});
