/**
 * The training step against the published reference. The tolerances are those that float32 allows:
 * two ways of computing attention in the reference itself differ by a hundredth of them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { decodeSafetensors, encodeSafetensors } from '../../shared/safetensors.js';
import { type EngineName, engineNames } from '../../worker/engine/engine.js';
import { openEngine } from '../../worker/engine/open-engine.js';
import { tensorflowIsMissing } from '../../worker/engine/tensorflow/tfjs-node.js';
import type { Tensors } from './golden-members.js';
import { runCase } from './run-case.js';

const prefixOf = (name: string): string =>
  new URL(`e2e/golden/cases/${name}`, projectRoot).pathname;

/** One step of an objective with targets, by what the case has besides its tensors. */
interface ExpectedLosses {
  readonly loss: number;
  readonly loss_generative: number;
  readonly loss_classification: number;
}

interface Expected {
  readonly tensors: Tensors;
  /** trace[rank][step] */
  readonly trace: readonly (readonly { readonly loss: number }[])[];
}

const expectedOf = (name: string): Expected => ({
  tensors: decodeSafetensors(readFileSync(`${prefixOf(name)}.golden.safetensors`)),
  trace: JSON.parse(readFileSync(`${prefixOf(name)}.json`, 'utf8')).trace,
});

function values(tensors: Tensors, name: string): number[] {
  const tensor = tensors.get(name);
  assert.ok(tensor !== undefined, `"${name}" is missing`);
  return Array.from(tensor.data, Number);
}

const largest = (numbers: readonly number[]): number =>
  numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function assertClose(
  name: string,
  got: readonly number[],
  expected: readonly number[],
  tolerance: (value: number) => number,
): void {
  assert.equal(got.length, expected.length, name);
  got.forEach((value, index) => {
    const wanted = expected[index] as number;
    // What the mask leaves out is -infinity on both sides.
    const close = value === wanted || Math.abs(value - wanted) <= tolerance(wanted);
    assert.ok(close, `${name}[${index}] is ${value}: should be ${wanted}`);
  });
}

function assertGolden(got: Tensors, { tensors, trace }: Expected): void {
  trace.forEach((steps, rank) => {
    const logits = values(tensors, `rank${rank}.out.logits`);
    const scale = largest(logits.filter(Number.isFinite));
    assertClose(
      `logits.rank${rank}`,
      values(got, `logits.rank${rank}`),
      logits,
      () => 2e-5 * scale,
    );
    steps.forEach(({ loss }, step) => {
      const relative = step === 0 ? 2e-5 : 2e-4;
      const name = `loss.rank${rank}.step${step}`;
      assertClose(name, values(got, name), [loss], (wanted) => relative * Math.abs(wanted));
    });
  });
  for (const name of tensors.keys()) {
    const expected = values(tensors, name);
    if (name.startsWith('grad.')) {
      assertClose(name, values(got, name), expected, () => 2e-4 * largest(expected));
    }
    if (name.startsWith('trained.')) {
      const errors = values(got, name).map((value, at) =>
        Math.abs(value - (expected[at] as number)),
      );
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      assert.ok(mean <= 1e-6, `${name} is off by ${mean} in the mean`);
    }
  }
}

function assertFusion(got: Tensors, name: string): void {
  const expected = decodeSafetensors(readFileSync(`${prefixOf(name)}.golden.safetensors`));
  const losses: ExpectedLosses = JSON.parse(readFileSync(`${prefixOf(name)}.json`, 'utf8'));
  for (const loss of ['loss', 'loss_generative', 'loss_classification'] as const) {
    assertClose(loss, values(got, loss), [losses[loss]], (wanted) => 2e-5 * Math.abs(wanted));
  }
  for (const tensor of expected.keys()) {
    const wanted = values(expected, tensor);
    const tolerance =
      (tensor.startsWith('grad.') ? 2e-4 : 2e-5) * largest(wanted.filter(Number.isFinite));
    assertClose(tensor, values(got, tensor), wanted, () => tolerance);
  }
}

const cases = [
  { name: 'one-worker', ranks: 1 },
  { name: 'two-workers', ranks: 2 },
  // Means over the text, three ranks, a linear schedule.
  { name: 'three-workers-mean', ranks: 3 },
  // The temperature starts beyond its bound, and the schedule is constant.
  { name: 'two-workers-clamped', ranks: 2 },
] as const;

/** Their users are dealt to lanes of the project's own: any number of workers can share them. */
const fusionCases = ['early-fusion', 'late-fusion'] as const;

/** Why the engine cannot be tested here, or false. */
const skipped = (engine: EngineName): string | false =>
  engine === 'tensorflow' ? tensorflowIsMissing() : false;

for (const engine of engineNames) {
  describe(`golden cases on the engine ${engine}`, { skip: skipped(engine) }, () => {
    before(() => openEngine(engine, { threads: 1 }));

    for (const { name, ranks } of cases) {
      const bits = new Map<number, Uint8Array>();
      for (let workers = 1; workers <= ranks; workers++) {
        // Would catch any departure from the reference, in the model, the loss, the exchange or the
        // optimizer.
        it(`trains ${name} as the reference does, on ${workers} of ${ranks} workers`, async () => {
          const got = await runCase(prefixOf(name), workers);
          assertGolden(got, expectedOf(name));
          bits.set(workers, encodeSafetensors(got));
        });
      }
      if (ranks === 1) continue;
      // Would catch a sum whose order depends on who adds it.
      it(`trains ${name} to the same bits on any number of workers`, () => {
        assert.equal(bits.size, ranks);
        for (const [workers, bytes] of bits) {
          assert.ok(Buffer.compare(bytes, bits.get(1) as Uint8Array) === 0, `${workers} workers`);
        }
      });
    }

    for (const name of fusionCases) {
      // Would catch any departure from the definition of the objective, in the prefix that targets
      // share, the head or either loss, and a sum whose order depends on who adds it.
      it(`computes ${name} as its definition does, to the same bits on 1 and 2 workers`, async () => {
        const alone = await runCase(prefixOf(name), 1);
        assertFusion(alone, name);
        const together = await runCase(prefixOf(name), 2);
        assert.ok(Buffer.compare(encodeSafetensors(together), encodeSafetensors(alone)) === 0);
      });
    }
  });
}
