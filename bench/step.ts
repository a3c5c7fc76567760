/**
 * Times the training step (encode, users, loss, backward, clip, AdamW) on a fixed batch, with one
 * member and one lane: the work of one worker, without a network.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../shared/clock.js';
import { rank } from '../shared/ids.js';
import { openArithmetic } from '../worker/arithmetic/open-arithmetic.js';
import { openExchange } from '../worker/collective/exchange.js';
import { type EngineName, engineNames, openEngine } from '../worker/engine/engine.js';
import { Hllm } from '../worker/model/hllm.js';
import { initialWeights } from '../worker/model/initial-weights.js';
import { itemTexts } from '../worker/training/item-texts.js';
import { Trainer } from '../worker/training/trainer.js';
import { readStepBatch, type StepBatch, stepPlan } from './step-batch.js';

const usage =
  'usage: bench step --batch PREFIX [--engine torch|cpu|wasm] [--dtype f32] [--threads T] [--steps N]';

interface StepOptions {
  readonly batch: string;
  readonly engine: EngineName;
  readonly threads: number;
  readonly steps: number;
}

export async function benchStep(args: string[]): Promise<void> {
  const options = parseStepOptions(args);
  if (options === null) {
    process.exitCode = 2;
    return;
  }
  const engine = await openEngine(options.engine, { threads: options.threads });
  const batch = readStepBatch(options.batch);
  const trainer = openTrainer(batch);
  const losses: number[] = [];
  const seconds: number[] = [];
  const phases: Record<string, number>[] = [];
  // The first step also allocates and compiles; it is not counted.
  for (let step = 0; step <= options.steps; step++) {
    const start = performance.now();
    const { report } = await trainer.step([stepPlan(batch, step)]);
    losses.push(report.loss);
    if (step === 0) continue;
    seconds.push((performance.now() - start) / 1000);
    phases.push({ ...report.phaseSeconds });
    console.log(`step ${step}/${options.steps}  ${seconds.at(-1)?.toFixed(3)} s`);
  }
  const stepSeconds = median(seconds);
  console.log(
    JSON.stringify({
      benchmark: 'step',
      batch: batch.name,
      engine: `${engine.name} (${engine.version})`,
      dtype: 'f32',
      threads: engine.threads,
      step_seconds: stepSeconds,
      step_seconds_range: [Math.min(...seconds), Math.max(...seconds)],
      users_per_second: batch.users / stepSeconds,
      tokens_per_second: batch.tokens / stepSeconds,
      loss: losses.at(-1),
      phase_seconds: Object.fromEntries(
        Object.keys(phases[0] ?? {}).map((phase) => [
          phase,
          median(phases.map((measured) => measured[phase] as number)),
        ]),
      ),
    }),
  );
}

function openTrainer(batch: StepBatch): Trainer {
  const model = new Hllm(batch.model);
  const arithmetic = openArithmetic();
  const parameters = initialWeights(model.layout, { seed: 1, temperature: 0.07, deviation: 0.02 });
  return new Trainer({
    model,
    exchange: openExchange(null, { rank: rank(0), size: 1, arithmetic }),
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
      firstMoments: new Float32Array(parameters.length),
      secondMoments: new Float32Array(parameters.length),
    },
    lanes: 1,
    committedSteps: 0,
    textsOf: (items) => itemTexts(batch, items, batch.model.maxTextLength),
  });
}

function parseStepOptions(args: string[]): StepOptions | null {
  try {
    const { values } = parseArgs({
      args,
      options: {
        batch: { type: 'string' },
        engine: { type: 'string', default: 'torch' },
        dtype: { type: 'string', default: 'f32' },
        threads: { type: 'string', default: '2' },
        steps: { type: 'string', default: '4' },
      },
    });
    if (values.batch === undefined) throw new Error('--batch is missing');
    if (!engineNames.includes(values.engine as EngineName)) {
      throw new Error(`--engine must be one of ${engineNames}: current value is ${values.engine}`);
    }
    if (values.dtype !== 'f32') {
      throw new Error(`--dtype must be f32: current value is ${values.dtype}`);
    }
    return {
      batch: values.batch,
      engine: values.engine as EngineName,
      threads: positive('--threads', values.threads),
      steps: positive('--steps', values.steps),
    };
  } catch (error) {
    console.error(`Cannot run the benchmark: ${(error as Error).message}\n${usage}`);
    return null;
  }
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new Error(`${name} must be a positive integer: current value is "${value}"`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
