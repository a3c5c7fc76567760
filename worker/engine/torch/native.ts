/**
 * The addon's functions, in the order of native/addon.cc. Handles are numbers that are never used
 * again; whoever gets one disposes of it.
 */
import { createRequire } from 'node:module';
import {
  EngineUnavailableError,
  engineFile,
  engineRemedy,
  requireEngineFile,
} from '../../../process/engine-files.js';
import { boundSpinning } from './bounded-spinning.js';

export type NativeDtype = 'float32' | 'int32' | 'bool';
export type NativeValues = Float32Array | Int32Array | Uint8Array;

/** Every attribute that a kernel reads is there: the addon knows no defaults. */
export type NativeAttributes = Readonly<
  Record<string, number | boolean | string | readonly number[]>
>;

export interface NativeTensor {
  readonly handle: number;
  readonly shape: number[];
  readonly dtype: NativeDtype;
}

export type HostPasses = 'blocks' | 'loops' | 'kernels' | 'operations';

export interface DeviceOptions {
  /** Threads of one operation on the CPU. */
  readonly threads: number;
  /** Only kernels that give the same bits again; an error where libtorch has none. */
  readonly deterministic: boolean;
  /** Float32 products with operands rounded to 10 bits, where the device has them. */
  readonly tf32: boolean;
  /** How host memory is passed over: `blocks` but in tests, which reach the device's ways with it. */
  readonly hostPasses: HostPasses;
}

export interface NativeMemory {
  readonly tensors: number;
  readonly pullbacks: number;
  /** Of the tensors; what pullbacks keep is not in it. */
  readonly bytes: number;
  /** The most that all tensors of the process have taken at once, kept activations included. */
  readonly peakBytes: number;
}

/** An input of a kernel, in the kernel's order. */
export interface NativeInput {
  readonly name: string;
  /** Whether it may be null. */
  readonly optional: boolean;
  /** `float32`, `float32 or int32`, ... */
  readonly types: string;
  /** A word for each extent (`T H`), the same number in a whole call; empty where it is any. */
  readonly shape: string;
}

export interface Native {
  version(): string;
  /** For the whole process. @returns where tensors live: `cuda` where libtorch sees a device. */
  open(options: DeviceOptions): 'cpu' | 'cuda';
  /** Copies `values`; @returns a handle. */
  create(values: NativeValues, shape: readonly number[], dtype: NativeDtype): number;
  /** Fills `values`, which has exactly the tensor's size. */
  read(handle: number, values: NativeValues): void;
  dispose(handle: number): void;
  /**
   * @param inputs null stands for one that is left out.
   * @throws Error naming the kernel and the shapes of its inputs; code `OUT_OF_MEMORY`.
   */
  run(
    kernel: string,
    inputs: readonly (number | null)[],
    attributes: NativeAttributes,
  ): NativeTensor[];
  /** What this thread holds; `pullbacks` are backwards still to run. */
  memory(): NativeMemory;
  /** What each kernel takes, which it checks before it runs. */
  signatures(): Readonly<Record<string, readonly NativeInput[]>>;
}

/** @throws EngineUnavailableError where the addon is not built or its libraries are missing. */
export function loadNative(): Native {
  requireEngineFile('torch');
  const path = engineFile('torch');
  boundSpinning();
  try {
    return createRequire(import.meta.url)(path) as Native;
  } catch (cause) {
    const reason = `${path} cannot be loaded: ${(cause as Error).message}`;
    throw new EngineUnavailableError('torch', reason, engineRemedy('torch'), { cause });
  }
}
