/**
 * An engine is a backend of tfjs-core, chosen at run time. tfjs-core keeps one engine per copy of
 * itself, so everything here and everything that computes must import '@tensorflow/tfjs-core' by
 * exactly that name: Node then resolves all of them, and the backends' own `require`, to one file.
 */
import type { Activity } from './activity.js';
import type { Cancellation } from './cancellation.js';

/**
 * `torch` computes with libtorch; `cpu` and `wasm` are the backends from npm, for a laptop;
 * `tensorflow` computes with TensorFlow, where it is set up.
 */
export const engineNames = ['torch', 'cpu', 'wasm', 'tensorflow'] as const;

export type EngineName = (typeof engineNames)[number];

export interface EngineOptions {
  /** Threads of one operation. Part of a job's identity: they change the order of sums. */
  readonly threads: number;
  /** Whether only kernels may run that give the same bits again. True where it is left out. */
  readonly deterministic?: boolean;
  /** Whether float32 products may round their operands to TF32, on devices that have it. */
  readonly tf32?: boolean;
  /** Looked at before each kernel by an engine whose kernels take long: `torch`. */
  readonly cancellation?: Pick<Cancellation, 'require'>;
  /** Told of each kernel by such an engine. */
  readonly activity?: Pick<Activity, 'begin' | 'end'>;
}

export interface Engine {
  readonly name: EngineName;
  /**
   * What it really uses: `cpu` and `wasm` compute on one thread, whatever was asked for, and
   * `tensorflow` on as many as this process asked for first.
   */
  readonly threads: number;
  /** For logs: the library and its version. */
  readonly version: string;
  /** Where tensors live. */
  readonly device: 'cpu' | 'cuda';
  /** Bytes held by tensors outside JavaScript's heap; null where the engine cannot tell. */
  tensorBytes(): number | null;
}
