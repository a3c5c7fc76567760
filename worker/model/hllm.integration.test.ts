import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import type { Engine } from '../engine/engine.js';
import { openEngine } from '../engine/open-engine.js';
import type { ModelConfig } from './model-config.js';
import { tinyModel } from './tiny-model.js';
import { openTinyModel, tinyItems, tinyPlan, tinyPlanWithTargets, trainTiny } from './tiny-step.js';

describe('HLLM on libtorch', () => {
  let torch: Engine;
  before(async () => {
    await openEngine('cpu', { threads: 1 });
    torch = await openEngine('torch', { threads: 1 });
  });

  // Would catch a fused kernel, or a reduction, that computes something else than its definition.
  it('computes what the composition on plain JavaScript computes', async () => {
    const run = async (backend: string) => {
      await setBackend(backend);
      return trainTiny(openTinyModel({}, { keepLogits: true }).model, tinyPlan);
    };
    const expected = await run('cpu');
    const got = await run('torch');
    assert.deepEqual(got.result.measures, expected.result.measures);
    assertNear(
      got.result.outputs.logits as Float32Array,
      expected.result.outputs.logits as Float32Array,
    );
    assertNear(got.result.dEmbeddings, expected.result.dEmbeddings);
    assertNear(got.gradient, expected.gradient);
  });

  // Would catch a bias or a norm whose gradient is lost on its way from the layer to the flat vector.
  it('computes the same for decoders with biases, norms of heads and scaled rotations', async () => {
    const { item, user } = tinyModel;
    const scaling = { kind: 'linear', factor: 2 } as const;
    const changes: Partial<ModelConfig> = {
      item: { ...item, attentionBias: 'qkvo', ropeScaling: scaling },
      user: { ...user, attentionBias: 'qkv', queryKeyNorm: true, headSize: 6 },
    };
    const run = async (backend: string) => {
      await setBackend(backend);
      const { model } = openTinyModel(changes);
      return { model, gradient: trainTiny(model, tinyPlan).gradient };
    };
    const expected = await run('cpu');
    const { model, gradient } = await run('torch');
    assertNear(gradient, expected.gradient);
    for (const { name } of model.layout.entries) {
      assert.ok(
        model.layout.view(gradient, name).some((value) => value !== 0),
        name,
      );
    }
  });

  // Would catch leaves that see each other in the kernel, or activations that are not made again for them.
  for (const kind of ['early-fusion', 'late-fusion'] as const) {
    it(`computes the same for targets, whatever waits for the backward (${kind})`, async () => {
      const plan = tinyPlanWithTargets(
        [[5], [6, 2, 5, 3]],
        [
          [2, 3],
          [1, 4, 1],
        ],
        [1, 0, 1, 0, 0],
      );
      const run = async (backend: string, activations: 'keep' | 'layer') => {
        await setBackend(backend);
        const computation = { precision: 'f32', activations } as const;
        const objective = { kind, generativeWeight: 0.5 };
        return trainTiny(
          openTinyModel({ objective }, { keepLogits: true, computation }).model,
          plan,
        );
      };
      const expected = await run('cpu', 'keep');
      const got = await run('torch', 'keep');
      for (const name of ['logits', 'class_logits'] as const) {
        assertNear(
          got.result.outputs[name] as Float32Array,
          expected.result.outputs[name] as Float32Array,
        );
      }
      assertNear(got.result.dEmbeddings, expected.result.dEmbeddings);
      assertNear(got.gradient, expected.gradient);
      assert.deepEqual(await run('torch', 'layer'), got);
    });
  }

  // Would catch a policy that changes the result of a job, or keeps what it should make again.
  it('has the same bits whatever waits for the backward, and holds less', async () => {
    await setBackend('torch');
    const run = (activations: 'keep' | 'layer' | 'lane') => {
      const { model } = openTinyModel({}, { computation: { precision: 'f32', activations } });
      const trained = trainTiny(model, tinyPlan);
      const held = torch.tensorBytes() as number;
      const encoding = model.encodeItems(tinyItems([1, 2, 5]));
      const more = (torch.tensorBytes() as number) - held;
      encoding.dispose();
      model.dispose();
      return { trained, more };
    };
    const [keep, layer, lane] = [run('keep'), run('layer'), run('lane')];
    assert.deepEqual(layer.trained, keep.trained);
    assert.deepEqual(lane.trained, keep.trained);
    assert.ok(keep.more > 0);
    assert.equal(lane.more, 0);
  });

  // Would catch a precision that never reaches the layers, or reaches what should stay float32.
  it('trains in bf16 near what it computes in float32', async () => {
    await setBackend('torch');
    const run = (precision: 'f32' | 'bf16') =>
      trainTiny(
        openTinyModel({}, { computation: { precision, activations: 'keep' } }).model,
        tinyPlan,
      );
    const [exact, low] = [run('f32'), run('bf16')];
    assert.notEqual(low.result.loss, exact.result.loss);
    assert.ok(Math.abs(low.result.loss / exact.result.loss - 1) < 0.02);
  });

  // Would catch tensors and autograd graphs that outlive their step in memory that V8 cannot see.
  it('holds the same memory after 200 steps as after a few', async () => {
    await setBackend('torch');
    const { model: trained, flat } = openTinyModel();
    const train = (): void => {
      const { gradient } = trainTiny(trained, tinyPlan);
      flat.forEach((value, index) => {
        flat[index] = value - 1e-3 * (gradient[index] as number);
      });
      trained.load(flat);
    };
    for (let count = 0; count < 3; count++) train();
    const held = { tensors: memory().numTensors, bytes: torch.tensorBytes() };
    for (let count = 3; count < 200; count++) train();
    assert.deepEqual({ tensors: memory().numTensors, bytes: torch.tensorBytes() }, held);
  });

  // Would catch a graph that is kept for a pass that is given up between forward and backward.
  it('frees an encoding that is never pulled back', async () => {
    await setBackend('torch');
    const { model } = openTinyModel();
    const held = torch.tensorBytes();
    model.encodeItems(tinyItems([1, 2, 5])).dispose();
    assert.equal(torch.tensorBytes(), held);
  });

  // Would catch a buffer's alignment, or a thread count, that reaches the order of sums.
  it('gives a lane the same bits whatever was computed before it', async () => {
    await setBackend('torch');
    const { model } = openTinyModel();
    const alone = trainTiny(model, tinyPlan);
    model.encodeItems(tinyItems([6])).dispose();
    model.embedItems(tinyItems([3, 4, 5]));
    assert.deepEqual(trainTiny(model, tinyPlan), alone);
  });
});

function assertNear(got: Float32Array, expected: Float32Array): void {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.equal(got.length, expected.length);
  got.forEach((value, index) => {
    const wanted = expected[index] as number;
    const close = value === wanted || Math.abs(value - wanted) < 1e-5 * scale;
    assert.ok(close, `[${index}] is ${value}: should be ${wanted}`);
  });
}
