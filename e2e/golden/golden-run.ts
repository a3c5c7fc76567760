/** Trains a case of the reference on N workers. */
import { step } from '../../shared/ids.js';
import type { SafetensorsTensor } from '../../shared/safetensors.js';
import { packItems } from '../../worker/model/items/packed-items.js';
import type { LaneScores } from '../../worker/training/step/step-statistics.js';
import type { GoldenCase } from './golden-case.js';
import { type Member, type Tensors, textsOf, withMembers } from './golden-members.js';
import { goldenModel, goldenOptimizer, namedTensors } from './golden-model.js';
import { type GoldenLane, goldenLanes } from './golden-plan.js';

/**
 * @returns `loss.rankR.stepS`, `logits.rankR` and `grad.NAME` of step 0, `trained.NAME`.
 * @throws Error if the workers end with different weights.
 */
export function runGolden(golden: GoldenCase, workers: number): Promise<Tensors> {
  const { configuration, weights } = golden;
  const parts = {
    config: goldenModel(configuration),
    optimizer: goldenOptimizer(configuration),
    lanes: configuration.world_size,
    weights,
  };
  return withMembers(parts, workers, async (members) => {
    const tensors: Tensors = new Map();
    for (const at of golden.batches.keys()) await trainStep(golden, members, at, tensors);
    const { model, trainer } = members[0] as Member;
    for (const [name, tensor] of namedTensors(model.layout, trainer.state.parameters, 'trained')) {
      tensors.set(name, tensor);
    }
    // By name: workers report in an order of their own.
    return new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

async function trainStep(
  golden: GoldenCase,
  members: readonly Member[],
  at: number,
  tensors: Tensors,
): Promise<void> {
  const lanes = goldenLanes(golden, step(at));
  const { items } = golden.configuration;
  const outcomes = await Promise.all(
    members.map(({ trainer, exchange, model }) => {
      const { start, end } = exchange.shares.run(exchange.rank);
      const own = lanes.slice(start, end);
      const inspect = (gradient: Float32Array, results: readonly LaneScores[]): void => {
        results.forEach((result, index) => {
          const logits = logitsOf(own[index] as GoldenLane, result);
          tensors.set(`logits.rank${start + index}`, logits);
        });
        for (const [name, tensor] of namedTensors(model.layout, gradient, 'grad')) {
          tensors.set(name, tensor);
        }
      };
      const batches = own.map(({ plan }) => ({
        plan,
        items: packItems(textsOf(items, plan.items, model.config.maxTextLength), model.config),
      }));
      return trainer.step(batches, at === 0 ? { inspect } : {});
    }),
  );
  // A lane's share of the step's loss is its own mean over the number of lanes.
  outcomes[0]?.laneLosses.forEach((loss, lane) => {
    const data = Float32Array.of(loss * lanes.length);
    tensors.set(`loss.rank${lane}.step${at}`, { dtype: 'F32', shape: [], data });
  });
}

/** The lane's logits, with the rows in the order of the case's users. */
function logitsOf({ plan, users }: GoldenLane, { outputs }: LaneScores): SafetensorsTensor {
  const columns = 1 + plan.negatives.length;
  const rowsOfUser = predictionRows(plan, users, outputs.logits as Float32Array);
  const inOrder = users.map((_, user) => rowsOfUser.get(user) as Float32Array);
  const data = Float32Array.from(inOrder.flatMap((rows) => Array.from(rows)));
  return { dtype: 'F32', shape: [data.length / columns, columns], data };
}

/** Each user's rows of a lane's generative logits: one fewer than it has items. */
export function predictionRows(
  { negatives, sequenceOffsets }: GoldenLane['plan'],
  users: readonly number[],
  logits: Float32Array,
): Map<number, Float32Array> {
  const columns = 1 + negatives.length;
  let at = 0;
  return new Map(
    users.map((user, index) => {
      const [start, end] = sequenceOffsets.subarray(index, index + 2) as Int32Array;
      const rows = Math.max(0, (end as number) - (start as number) - 1);
      const own = logits.subarray(at * columns, (at + rows) * columns);
      at += rows;
      return [user, own];
    }),
  );
}
