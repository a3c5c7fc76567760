/** Computes the step of a discriminative case on N workers. */
import type { SafetensorsTensor } from '../../shared/safetensors.js';
import { packItems } from '../../worker/model/items/packed-items.js';
import type { LaneScores } from '../../worker/training/step/step-statistics.js';
import type { FusionCase } from './fusion-case.js';
import { fusionLanes, fusionPlans } from './fusion-plan.js';
import { type Member, type Tensors, textsOf, withMembers } from './golden-members.js';
import { fusionModel, namedTensors } from './golden-model.js';
import type { GoldenLane } from './golden-plan.js';
import { predictionRows } from './golden-run.js';

/** The cases end with the gradients: what the update makes of them is not looked at. */
const anyOptimizer = {
  learningRate: 1e-3,
  schedule: { kind: 'constant', warmupSteps: 0, totalSteps: 1, finalFraction: 1 },
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
  clipGradNorm: 1,
} as const;

/**
 * @returns `out.class_logits`, `out.generative_logits`, `out.item_embeddings` and `grad.NAME`, as in
 *   the case; `loss`, `loss_generative` and `loss_classification`; and under the names of the other
 *   format `loss.rank0.step0` and `logits.rank0`.
 * @throws Error if the workers end with different weights.
 */
export function runFusion(golden: FusionCase, workers: number): Promise<Tensors> {
  const parts = {
    config: fusionModel(golden),
    optimizer: anyOptimizer,
    lanes: fusionLanes,
    weights: golden.weights,
  };
  return withMembers(parts, workers, async (members) => {
    const tensors: Tensors = new Map([
      ['out.item_embeddings', embeddingsOf(golden, members[0] as Member)],
    ]);
    const lanes = fusionPlans(golden);
    const logits = new LogitsByUser(golden);
    const outcomes = await Promise.all(
      members.map((member) => trainMember(golden, member, lanes, logits, tensors)),
    );
    const { loss, measures } = (outcomes[0] as (typeof outcomes)[number]).report;
    for (const [name, value] of [
      ['loss', loss],
      ['loss.rank0.step0', loss],
      ['loss_generative', measures.generative_loss as number],
      ['loss_classification', measures.classification_loss as number],
    ] as const) {
      tensors.set(name, { dtype: 'F32', shape: [], data: Float32Array.of(value) });
    }
    tensors.set('out.generative_logits', logits.generative());
    tensors.set('logits.rank0', logits.generative());
    tensors.set('out.class_logits', logits.ofTargets());
    return new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function trainMember(
  { configuration }: FusionCase,
  { trainer, exchange, model }: Member,
  lanes: readonly GoldenLane[],
  logits: LogitsByUser,
  tensors: Tensors,
) {
  const { start, end } = exchange.shares.run(exchange.rank);
  const own = lanes.slice(start, end);
  const inspect = (gradient: Float32Array, results: readonly LaneScores[]): void => {
    results.forEach((result, index) => {
      logits.add(own[index] as GoldenLane, result);
    });
    for (const [name, tensor] of namedTensors(model.layout, gradient, 'grad')) {
      tensors.set(name, tensor);
    }
  };
  const batches = own.map(({ plan }) => ({
    plan,
    items: packItems(
      textsOf(configuration.items, plan.items, model.config.maxTextLength),
      model.config,
    ),
  }));
  return trainer.step(batches, { inspect });
}

/** Of all items, also of those that the step does not need. */
function embeddingsOf({ configuration }: FusionCase, { model }: Member): SafetensorsTensor {
  const { items } = configuration;
  const texts = textsOf(items, [...items.keys()], model.config.maxTextLength);
  const data = Float32Array.from(model.embedItems(packItems(texts, model.config)));
  return { dtype: 'F32', shape: [items.length, model.hiddenSize], data };
}

/** What the lanes said, put back into the order of the case's users. */
class LogitsByUser {
  readonly #golden: FusionCase;
  readonly #generative = new Map<number, Float32Array>();
  readonly #ofTargets = new Map<number, Float32Array>();

  constructor(golden: FusionCase) {
    this.#golden = golden;
  }

  add({ plan, users }: GoldenLane, { outputs }: LaneScores): void {
    const rows = predictionRows(plan, users, outputs.logits as Float32Array);
    for (const [user, own] of rows) this.#generative.set(user, own);
    const offsets = plan.targets?.offsets as Int32Array;
    users.forEach((user, index) => {
      const own = (outputs.class_logits as Float32Array).subarray(
        offsets[index],
        offsets[index + 1],
      );
      this.#ofTargets.set(user, own);
    });
  }

  generative(): SafetensorsTensor {
    const columns = 1 + this.#golden.configuration.negatives.length;
    const data = this.#inOrder(this.#generative);
    return { dtype: 'F32', shape: [data.length / columns, columns], data };
  }

  ofTargets(): SafetensorsTensor {
    const data = this.#inOrder(this.#ofTargets);
    return { dtype: 'F32', shape: [data.length], data };
  }

  #inOrder(byUser: ReadonlyMap<number, Float32Array>): Float32Array<ArrayBuffer> {
    const users = [...this.#golden.configuration.histories.keys()];
    return Float32Array.from(users.flatMap((user) => [...(byUser.get(user) as Float32Array)]));
  }
}
