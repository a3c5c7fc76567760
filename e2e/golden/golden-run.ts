/**
 * Trains a case on N workers in one process. Each worker is what it is in a cluster, a trainer with
 * a model and an exchange over real sockets; only their threads are shared.
 */
import { systemClock } from '../../shared/clock.js';
import { generation, rank, step } from '../../shared/ids.js';
import { laneRun } from '../../shared/plan/lane-ownership.js';
import type { SafetensorsTensor } from '../../shared/safetensors.js';
import { millis } from '../../shared/units.js';
import { openArithmetic } from '../../worker/arithmetic/open-arithmetic.js';
import type { Exchange } from '../../worker/collective/exchange.js';
import { startLinks } from '../../worker/collective/links/links-host.js';
import { openExchange } from '../../worker/collective/open-exchange.js';
import { Hllm } from '../../worker/model/hllm.js';
import { type ItemTexts, packItems } from '../../worker/model/items/packed-items.js';
import type { LaneScores } from '../../worker/training/step/step-statistics.js';
import { Trainer } from '../../worker/training/step/trainer.js';
import type { GoldenCase } from './golden-case.js';
import { flatWeights, goldenModel, goldenOptimizer, namedTensors } from './golden-model.js';
import { type GoldenLane, goldenLanes } from './golden-plan.js';

export type Tensors = Map<string, SafetensorsTensor>;

/**
 * @returns `loss.rankR.stepS`, `logits.rankR` and `grad.NAME` of step 0, `trained.NAME`.
 * @throws Error if the workers end with different weights.
 */
export async function runGolden(golden: GoldenCase, workers: number): Promise<Tensors> {
  const arithmetic = openArithmetic();
  const { exchanges, close } = await connect(workers, arithmetic);
  try {
    const members = exchanges.map((exchange) => openMember(golden, exchange, arithmetic));
    const tensors: Tensors = new Map();
    for (const at of golden.batches.keys()) await trainStep(golden, members, at, tensors);
    const [first, ...others] = members.map(({ trainer }) => trainer.state.parameters);
    if (others.some((weights) => Buffer.compare(bytesOf(first), bytesOf(weights)) !== 0)) {
      throw new Error('Cannot vouch for the result: workers ended with different weights');
    }
    const { layout } = (members[0] as Member).model;
    for (const [name, tensor] of namedTensors(layout, first as Float32Array, 'trained')) {
      tensors.set(name, tensor);
    }
    for (const { model } of members) model.dispose();
    // By name: workers report in an order of their own.
    return new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1)));
  } finally {
    await close();
  }
}

interface Member {
  readonly model: Hllm;
  readonly exchange: Exchange;
  readonly trainer: Trainer;
}

type Arithmetic = ReturnType<typeof openArithmetic>;

async function connect(
  workers: number,
  arithmetic: Arithmetic,
): Promise<{ exchanges: Exchange[]; close: () => Promise<void> }> {
  if (workers === 1) {
    const alone = openExchange(null, { rank: rank(0), size: 1, arithmetic });
    return { exchanges: [alone], close: async () => alone.close() };
  }
  const hosts = await Promise.all(
    Array.from({ length: workers }, () => startLinks({ host: '127.0.0.1' })),
  );
  const addresses = hosts.map(({ address }) => address);
  const ports = await Promise.all(
    hosts.map((host, index) =>
      host.connect({
        rank: rank(index),
        addresses,
        generation: generation(1),
        deadline: millis(60_000),
      }),
    ),
  );
  const exchanges = ports.map((port, index) =>
    openExchange(port, { rank: rank(index), size: workers, arithmetic }),
  );
  const close = async (): Promise<void> => {
    for (const exchange of exchanges) exchange.close();
    await Promise.all(hosts.map((host) => host.close()));
  };
  return { exchanges, close };
}

function openMember(golden: GoldenCase, exchange: Exchange, arithmetic: Arithmetic): Member {
  const model = new Hllm(goldenModel(golden.configuration), { keepLogits: true });
  const parameters = flatWeights(model.layout, golden.weights);
  const trainer = new Trainer({
    model,
    exchange,
    arithmetic,
    clock: systemClock,
    optimizer: goldenOptimizer(golden.configuration),
    state: {
      parameters,
      firstMoments: new Float32Array(parameters.length),
      secondMoments: new Float32Array(parameters.length),
    },
    lanes: golden.configuration.world_size,
    committedSteps: 0,
  });
  return { model, exchange, trainer };
}

async function trainStep(
  golden: GoldenCase,
  members: readonly Member[],
  at: number,
  tensors: Tensors,
): Promise<void> {
  const lanes = goldenLanes(golden, step(at));
  const outcomes = await Promise.all(
    members.map(({ trainer, exchange, model }) => {
      const { start, end } = laneRun(exchange.rank, exchange.size, lanes.length);
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
        items: packItems(textsOf(golden, plan.items), model.config),
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
  const rowsOfUser = new Map<number, Float32Array>();
  users.forEach((user, index) => {
    // Sequences before this one hold one prediction less than items.
    const first = (plan.sequenceOffsets[index] as number) - index;
    const last = (plan.sequenceOffsets[index + 1] as number) - index - 1;
    const rows = (outputs.logits as Float32Array).subarray(first * columns, last * columns);
    rowsOfUser.set(user, rows);
  });
  const inOrder = users.map((_, user) => rowsOfUser.get(user) as Float32Array);
  const data = Float32Array.from(inOrder.flatMap((rows) => Array.from(rows)));
  return { dtype: 'F32', shape: [data.length / columns, columns], data };
}

function textsOf({ configuration }: GoldenCase, items: Int32Array): ItemTexts {
  const texts = Array.from(items, (item) => configuration.items[item] as number[]);
  const offsets = Uint32Array.of(0, ...texts.map(({ length }) => length));
  for (let index = 1; index < offsets.length; index++) {
    offsets[index] = (offsets[index] as number) + (offsets[index - 1] as number);
  }
  return { tokens: Int32Array.from(texts.flat()), offsets };
}

const bytesOf = (weights: Float32Array | undefined): Uint8Array =>
  new Uint8Array((weights as Float32Array).buffer);
