import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { getKernelsForBackend, memory } from '@tensorflow/tfjs-core';
import { javascriptArithmetic } from '../../worker/arithmetic/javascript-arithmetic.js';
import type { Contributions, Exchange } from '../../worker/collective/exchange.js';
import { LocalExchange } from '../../worker/collective/local-exchange.js';
import type { Slice } from '../../worker/collective/schedule.js';
import type { Tag } from '../../worker/collective/tag.js';
import { openEngine } from '../../worker/engine/open-engine.js';
import type { Computation } from '../../worker/model/model-config.js';
import { openTinyModel, tinyItems, tinyPlan, tinyTexts } from '../../worker/model/tiny-step.js';
import { openTinyTrainer } from '../../worker/training/step/tiny-trainer-fixture.js';

const batch = { plan: tinyPlan, items: tinyItems([...tinyTexts.keys()]) };

/** The only member, whose exchange fails in one phase. */
class FailingExchange extends LocalExchange implements Exchange {
  failsIn: string | null = null;

  override async allGather(tag?: Tag): Promise<void> {
    this.#fail(tag as Tag);
  }

  override reduceScatter(
    tag: Tag,
    contributions: Contributions,
    slices: readonly Slice[],
  ): Promise<Float32Array> {
    this.#fail(tag);
    return super.reduceScatter(tag, contributions, slices);
  }

  #fail({ phase }: Tag): void {
    if (phase === this.failsIn) throw new Error(`the peer was lost in ${phase}`);
  }
}

const exchangePhases = [
  'gather',
  'scatter',
  'reduce-user',
  'spread-user',
  'reduce-item',
  'spread-item',
  'statistics',
];

function open(activations: Computation['activations']) {
  const exchange = new FailingExchange(javascriptArithmetic, 1);
  const { model, flat } = openTinyModel({}, { computation: { precision: 'f32', activations } });
  const trainer = openTinyTrainer(model, flat, exchange);
  return { trainer, exchange, model };
}

/** What tfjs and the engine hold. */
function held() {
  const { numTensors, numDataBuffers, numBytes } = memory();
  const { numBytesNative, numPullbacks } = memory() as {
    numBytesNative?: number;
    numPullbacks?: number;
  };
  return { numTensors, numDataBuffers, numBytes, numBytesNative, numPullbacks };
}

/** Memory runs out at the kernel that `failsAt` counts to, from the next `begin` on. */
class Kernels {
  #count = 0;
  #failsAt = Number.POSITIVE_INFINITY;

  constructor(engine: string) {
    for (const kernel of getKernelsForBackend(engine)) {
      const { kernelFunc, kernelName } = kernel;
      // It takes no memory: another holder of the same data.
      if (kernelName === 'Identity') continue;
      // The registry hands out its own entries.
      kernel.kernelFunc = (given) => {
        this.#count++;
        if (this.#count === this.#failsAt) {
          throw Object.assign(new Error('out of memory'), { code: 'OUT_OF_MEMORY' });
        }
        return kernelFunc(given);
      };
    }
  }

  begin(failsAt: number): void {
    this.#count = 0;
    this.#failsAt = failsAt;
  }

  get count(): number {
    return this.#count;
  }
}

for (const engine of ['cpu', 'wasm', 'torch'] as const) {
  describe(`a step that fails on the engine ${engine}`, () => {
    let kernels: Kernels;
    before(async () => {
      await openEngine(engine, { threads: 1 });
      kernels = new Kernels(engine);
    });

    for (const activations of ['keep', 'layer', 'lane'] as const) {
      // Would catch activations that wait for a backward that never comes, in a worker that goes on
      // after each loss of a peer.
      it(`leaves nothing behind in any phase of the exchange, with activations ${activations}`, async () => {
        const { trainer, exchange, model } = open(activations);
        await trainer.step([batch]);
        const expected = held();
        for (const phase of exchangePhases) {
          exchange.failsIn = phase;
          await assert.rejects(trainer.step([batch]), new RegExp(`the peer was lost in ${phase}`));
          assert.deepEqual(held(), expected, phase);
        }
        exchange.failsIn = null;
        await trainer.step([batch]);
        assert.equal(trainer.committedSteps, 2);
        assert.deepEqual(held(), expected);
        model.dispose();
      });
    }

    // Would catch tensors that only an error's way out does not free: of a layer, a loss, a tape.
    it('leaves nothing behind wherever memory runs out', async () => {
      const { trainer, model } = open('keep');
      kernels.begin(Number.POSITIVE_INFINITY);
      await trainer.step([batch]);
      const all = kernels.count;
      const expected = held();
      // Every kernel of a step where there are few; a prime stride meets all kinds of places.
      const stride = all > 200 ? 13 : 1;
      for (let failsAt = 1; failsAt <= all; failsAt += stride) {
        kernels.begin(failsAt);
        await assert.rejects(
          trainer.step([batch]),
          /Cannot compute lane 0 of step 0: out of memory/,
        );
        assert.deepEqual(held(), expected, `at kernel ${failsAt} of ${all}`);
      }
      kernels.begin(Number.POSITIVE_INFINITY);
      await trainer.step([batch]);
      assert.deepEqual(held(), expected);
      model.dispose();
    });

    // Would catch a gradient that is refused after its step has used up what others wait for.
    it('leaves nothing behind where a gradient is not finite', async () => {
      const { trainer, model } = open('keep');
      await trainer.step([batch]);
      const expected = held();
      const spoil = (gradient: Float32Array): void => void gradient.fill(Number.NaN, 3, 4);
      await assert.rejects(trainer.step([batch], { inspect: spoil }), { code: 'NON_FINITE' });
      assert.deepEqual(held(), expected);
      model.dispose();
    });
  });
}
