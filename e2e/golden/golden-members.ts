/**
 * N workers in one process. Each is what it is in a cluster, a trainer with a model and an exchange
 * over real sockets; only their threads are shared.
 */
import { systemClock } from '../../shared/clock.js';
import { generation, rank } from '../../shared/ids.js';
import { evenShares, type LaneShares } from '../../shared/plan/lane-ownership.js';
import type { SafetensorsTensor } from '../../shared/safetensors.js';
import { millis } from '../../shared/units.js';
import { openArithmetic } from '../../worker/arithmetic/open-arithmetic.js';
import type { Exchange } from '../../worker/collective/exchange.js';
import { startLinks } from '../../worker/collective/links/links-host.js';
import { openExchange } from '../../worker/collective/open-exchange.js';
import { Hllm } from '../../worker/model/hllm.js';
import type { ItemTexts } from '../../worker/model/items/packed-items.js';
import type { ModelConfig } from '../../worker/model/model-config.js';
import type { OptimizerSettings } from '../../worker/training/optimizer/optimizer.js';
import { Trainer } from '../../worker/training/step/trainer.js';
import { offsetsOf } from './deal-items.js';
import { flatWeights } from './golden-model.js';

/** By their names in the case. */
export type Tensors = Map<string, SafetensorsTensor>;

export interface Member {
  readonly model: Hllm;
  readonly exchange: Exchange;
  readonly trainer: Trainer;
}

export interface MemberParts {
  readonly config: ModelConfig;
  readonly optimizer: OptimizerSettings;
  readonly lanes: number;
  readonly weights: ReadonlyMap<string, SafetensorsTensor>;
}

/** @throws Error if the workers end with different weights. */
export async function withMembers<Result>(
  parts: MemberParts,
  workers: number,
  work: (members: readonly Member[]) => Promise<Result>,
): Promise<Result> {
  const arithmetic = openArithmetic();
  const { exchanges, close } = await connect(evenShares(workers, parts.lanes), arithmetic);
  try {
    const members = exchanges.map((exchange) => openMember(parts, exchange, arithmetic));
    const result = await work(members);
    const [first, ...others] = members.map(({ trainer }) => trainer.state.parameters);
    if (others.some((weights) => Buffer.compare(bytesOf(first), bytesOf(weights)) !== 0)) {
      throw new Error('Cannot vouch for the result: workers ended with different weights');
    }
    for (const { model } of members) model.dispose();
    return result;
  } finally {
    await close();
  }
}

type Arithmetic = ReturnType<typeof openArithmetic>;

async function connect(
  shares: LaneShares,
  arithmetic: Arithmetic,
): Promise<{ exchanges: Exchange[]; close: () => Promise<void> }> {
  if (shares.members === 1) {
    const alone = openExchange(null, { rank: rank(0), shares, arithmetic });
    return { exchanges: [alone], close: async () => alone.close() };
  }
  const hosts = await Promise.all(
    Array.from({ length: shares.members }, () => startLinks({ host: '127.0.0.1' })),
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
    openExchange(port, { rank: rank(index), shares, arithmetic }),
  );
  const close = async (): Promise<void> => {
    for (const exchange of exchanges) exchange.close();
    await Promise.all(hosts.map((host) => host.close()));
  };
  return { exchanges, close };
}

function openMember(
  { config, optimizer, weights }: MemberParts,
  exchange: Exchange,
  arithmetic: Arithmetic,
): Member {
  const model = new Hllm(config, { keepLogits: true });
  const parameters = flatWeights(model.layout, weights);
  const trainer = new Trainer({
    model,
    exchange,
    arithmetic,
    clock: systemClock,
    optimizer,
    state: {
      parameters,
      firstMoments: new Float32Array(parameters.length),
      secondMoments: new Float32Array(parameters.length),
    },
    committedSteps: 0,
  });
  return { model, exchange, trainer };
}

/** @param texts token ids by item. @param items whose texts are wanted. */
export function textsOf(
  texts: readonly (readonly number[])[],
  items: ArrayLike<number>,
  maxLength: number,
): ItemTexts {
  const chosen = Array.from(items, (item) =>
    (texts[item] as readonly number[]).slice(0, maxLength),
  );
  return {
    tokens: Int32Array.from(chosen.flat()),
    offsets: Uint32Array.from(offsetsOf(chosen)),
  };
}

const bytesOf = (weights: Float32Array | undefined): Uint8Array =>
  new Uint8Array((weights as Float32Array).buffer);
