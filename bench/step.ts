/**
 * Times the training step (encode, users, loss, backward, clip, AdamW) on a fixed batch, with one
 * member and one lane: the work of one worker, without a network.
 */
import { systemClock } from '../shared/clock.js';
import { rank, step } from '../shared/ids.js';
import { evenShares } from '../shared/plan/lane-ownership.js';
import type { Arithmetic } from '../worker/arithmetic/arithmetic.js';
import { openArithmetic } from '../worker/arithmetic/open-arithmetic.js';
import { openExchange } from '../worker/collective/open-exchange.js';
import { numberedTags } from '../worker/collective/tag.js';
import { openEngine } from '../worker/engine/open-engine.js';
import { Hllm } from '../worker/model/hllm.js';
import { initialWeights } from '../worker/model/parameters/initial-weights.js';
import { isEverything } from '../worker/model/parameters/what-trains.js';
import { type StepShapes, stepFlops } from '../worker/model/step-flops.js';
import { assembleBatch } from '../worker/training/batches/lane-batch.js';
import { ItemCache } from '../worker/training/item-cache/item-cache.js';
import { Trainer } from '../worker/training/step/trainer.js';
import { EngineClock } from './engine-clock.js';
import { matmulRate } from './matmul-rate.js';
import { median } from './median.js';
import { readStepBatch, type StepBatch, stepPlan, stepShapes } from './step-batch.js';
import { parseStepOptions, type StepOptions, stepUsage } from './step-options.js';

export async function benchStep(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) {
    process.exitCode = 2;
    return;
  }
  const { threads, mode } = options;
  const engine = await openEngine(options.engine, {
    threads,
    deterministic: mode === 'exact',
    tf32: options.precision !== 'f32',
  });
  const batch = batchFor(options);
  const measured = await measure(batch, options);
  const stepSeconds = median(measured.seconds);
  // Before the products of the yardstick, which have memory of their own.
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  // The products that frozen parts leave out are not counted.
  const flopsPerSecond = isEverything(options.trains)
    ? stepFlops(batch.model, stepShapes(batch, fusionOf(options))) / stepSeconds
    : null;
  const matmulFlopsPerSecond = matmulRate(options.precision);
  console.log(
    JSON.stringify({
      benchmark: 'step',
      batch: batch.name,
      engine: `${engine.name} (${engine.version})`,
      device: engine.device,
      dtype: options.precision,
      mode: options.mode,
      activations: options.activations,
      objective: options.objective,
      targets: options.targets,
      threads: engine.threads,
      trains: options.trains,
      step_seconds: stepSeconds,
      step_seconds_range: [Math.min(...measured.seconds), Math.max(...measured.seconds)],
      // What a busy machine hardly changes.
      step_cpu_seconds: median(measured.cpuSeconds),
      users_per_second: batch.users / stepSeconds,
      tokens_per_second: batch.tokens / stepSeconds,
      flops_per_second: flopsPerSecond,
      matmul_flops_per_second: matmulFlopsPerSecond,
      matmul_share: flopsPerSecond === null ? null : flopsPerSecond / matmulFlopsPerSecond,
      peak_bytes: peakBytes,
      host_share: median(measured.hostShares),
      first_loss: measured.losses[0],
      loss: measured.losses.at(-1),
      phase_seconds: phaseMedians(measured.phases),
    }),
  );
}

function batchFor(options: StepOptions): StepBatch {
  const batch = readStepBatch(options.batch);
  const fusion = fusionOf(options);
  if (fusion === null) return batch;
  return {
    ...batch,
    model: { ...batch.model, objective: { kind: fusion.kind, generativeWeight: 1 } },
  };
}

const fusionOf = ({ objective, targets }: StepOptions): StepShapes['fusion'] =>
  objective === 'generative' ? null : { kind: objective, targets };

interface Measured {
  /** Of every step, the one that is not counted included. */
  readonly losses: readonly number[];
  readonly seconds: readonly number[];
  /** Of all threads of the process. */
  readonly cpuSeconds: readonly number[];
  /** Share of each step that passes outside the engine; see engine-clock.ts. */
  readonly hostShares: readonly number[];
  readonly phases: readonly Record<string, number>[];
}

async function measure(batch: StepBatch, options: StepOptions): Promise<Measured> {
  const clock = new EngineClock();
  clock.watchBackend();
  const trainer = await openTrainer(batch, options, clock.watchArithmetic(openArithmetic()));
  const losses: number[] = [];
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  const hostShares: number[] = [];
  const phases: Record<string, number>[] = [];
  // The first step also allocates and compiles; it is not counted.
  for (let at = 0; at <= options.steps; at++) {
    // Ahead of the step, as training does on a thread of its own.
    const assembled = assembleBatch(stepPlan(batch, at, options.targets), batch, batch.model);
    const inEngine = clock.seconds;
    const start = performance.now();
    const cpu = process.cpuUsage();
    const { report } = await trainer.step([assembled]);
    const took = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    losses.push(report.loss);
    if (at === 0) continue;
    seconds.push(took);
    cpuSeconds.push((user + system) / 1e6);
    hostShares.push(1 - (clock.seconds - inEngine) / took);
    phases.push({ ...report.phaseSeconds });
    console.log(`step ${at}/${options.steps}  ${took.toFixed(3)} s`);
  }
  return { losses, seconds, cpuSeconds, hostShares, phases };
}

const phaseMedians = (phases: Measured['phases']): Record<string, number> =>
  Object.fromEntries(
    Object.keys(phases[0] ?? {}).map((phase) => [
      phase,
      median(phases.map((measured) => measured[phase] as number)),
    ]),
  );

async function openTrainer(
  batch: StepBatch,
  options: StepOptions,
  arithmetic: Arithmetic,
): Promise<Trainer> {
  const { precision, activations, trains } = options;
  const model = new Hllm(batch.model, { computation: { precision, activations }, trains });
  const parameters = initialWeights(model.layout, { seed: 1, temperature: 0.07, deviation: 0.02 });
  const exchange = openExchange(null, { rank: rank(0), shares: evenShares(1, 1), arithmetic });
  const cache = new ItemCache({
    dataset: batch,
    model,
    openFolder: async () => null,
    onProgress: async () => undefined,
  });
  const trainer = new Trainer({
    model,
    exchange,
    ...(options.cachedItems && { encodeItems: ({ items }) => cache.encode(items) }),
    arithmetic,
    clock: systemClock,
    // The optimizer of the reference's benchmark.
    optimizer: {
      learningRate: 1e-4,
      schedule: { kind: 'constant', warmupSteps: 0, totalSteps: 1, finalFraction: 1 },
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      weightDecay: 0.01,
      clipGradNorm: 1,
    },
    state: {
      parameters,
      firstMoments: new Float32Array(model.layout.trainedLength),
      secondMoments: new Float32Array(model.layout.trainedLength),
    },
    committedSteps: 0,
  });
  if (options.cachedItems) await cache.fill(exchange, numberedTags(step(0), 'item-cache'));
  return trainer;
}

function readOptions(args: string[]): StepOptions | null {
  try {
    return parseStepOptions(args);
  } catch (error) {
    console.error(`Cannot run the benchmark: ${(error as Error).message}\n${stepUsage}`);
    return null;
  }
}
