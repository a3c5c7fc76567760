/**
 * tfjs-core's view of libtorch. A data id owns one native tensor; tfjs counts its holders here, and
 * the memory is freed at the moment the last one lets go, never by the garbage collector.
 */
import {
  type BackendValues,
  type DataId,
  type DataType,
  KernelBackend,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { EngineOptions } from '../engine.js';
import type { Native, NativeAttributes, NativeDtype, NativeValues } from './native.js';

interface Entry {
  readonly handle: number;
  readonly dtype: NativeDtype;
  readonly size: number;
  holders: number;
}

export class TorchBackend extends KernelBackend {
  readonly #native: Native;
  readonly #cancellation: EngineOptions['cancellation'];
  readonly #activity: EngineOptions['activity'];
  readonly #entries = new Map<DataId, Entry>();

  constructor(
    native: Native,
    { cancellation, activity }: Pick<EngineOptions, 'cancellation' | 'activity'> = {},
  ) {
    super();
    this.#native = native;
    this.#cancellation = cancellation;
    this.#activity = activity;
  }

  /**
   * Runs a native kernel; the outputs are new data, held once.
   *
   * @param inputs null stands for one that is left out.
   * @throws ComputationCancelledError
   */
  run(
    kernel: string,
    inputs: readonly (TensorInfo | null)[],
    attributes: NativeAttributes = {},
  ): TensorInfo[] {
    this.#cancellation?.require(kernel);
    const handles = inputs.map((input) =>
      input === null ? null : this.#entry(input.dataId).handle,
    );
    this.#activity?.begin('kernel', kernel);
    try {
      return this.#native.run(kernel, handles, attributes).map(({ handle, shape, dtype }) => ({
        dataId: this.#add(handle, shape, dtype),
        shape,
        dtype,
      }));
    } finally {
      this.#activity?.end('kernel');
    }
  }

  /** As `run`, for a kernel with one output. */
  runOne(kernel: string, inputs: readonly TensorInfo[], attributes?: NativeAttributes): TensorInfo {
    return this.run(kernel, inputs, attributes)[0] as TensorInfo;
  }

  /** New data, every element of which is `value`. */
  fill(shape: readonly number[], value: number, dtype: DataType): TensorInfo {
    return this.runOne('Fill', [], { shape, value: Number(value), dtype: nativeDtype(dtype) });
  }

  /** New data that holds `values`. */
  constant(values: readonly number[], shape: number[], dtype: NativeDtype): TensorInfo {
    return { dataId: this.write(nativeValues(values, dtype), shape, dtype), shape, dtype };
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const native = nativeDtype(dtype);
    const handle = this.#native.create(nativeValues(values, native), shape, native);
    return this.#add(handle, shape, native);
  }

  override move(
    dataId: DataId,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    holders: number,
  ): void {
    const native = nativeDtype(dtype);
    const handle = this.#native.create(nativeValues(values, native), shape, native);
    this.#entries.set(dataId, { handle, dtype: native, size: sizeOf(shape), holders });
  }

  override readSync(dataId: DataId): BackendValues {
    const { handle, dtype, size } = this.#entry(dataId);
    const values =
      dtype === 'float32'
        ? new Float32Array(size)
        : dtype === 'int32'
          ? new Int32Array(size)
          : new Uint8Array(size);
    this.#native.read(handle, values);
    return values;
  }

  /** @throws Error where `values` has not exactly the tensor's size. */
  readInto(dataId: DataId, values: Float32Array): void {
    this.#native.read(this.#entry(dataId).handle, values);
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const entry = this.#entries.get(dataId);
    if (entry === undefined) return true;
    entry.holders--;
    if (!force && entry.holders > 0) return false;
    this.#entries.delete(dataId);
    this.#native.dispose(entry.handle);
    return true;
  }

  override incRef(dataId: DataId): void {
    this.#entry(dataId).holders++;
  }

  decRef(dataId: DataId): void {
    const entry = this.#entries.get(dataId);
    if (entry !== undefined) entry.holders--;
  }

  override refCount(dataId: DataId): number {
    return this.#entries.get(dataId)?.holders ?? 0;
  }

  override numDataIds(): number {
    return this.#entries.size;
  }

  override memory(): { unreliable: boolean; numBytesNative: number; numPullbacks: number } {
    const { bytes, pullbacks } = this.#native.memory();
    return { unreliable: false, numBytesNative: bytes, numPullbacks: pullbacks };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return super.epsilon();
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(work: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    work();
    return { kernelMs: performance.now() - start };
  }

  override dispose(): void {
    for (const { handle } of this.#entries.values()) this.#native.dispose(handle);
    this.#entries.clear();
  }

  #add(handle: number, shape: readonly number[], dtype: NativeDtype): DataId {
    const dataId = {};
    this.#entries.set(dataId, { handle, dtype, size: sizeOf(shape), holders: 1 });
    return dataId;
  }

  #entry(dataId: DataId): Entry {
    const entry = this.#entries.get(dataId);
    if (entry === undefined) {
      throw new Error('Cannot use a tensor of the torch engine: its data was disposed of');
    }
    return entry;
  }
}

const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

function nativeDtype(dtype: DataType): NativeDtype {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(
    `Cannot put a tensor of type ${dtype} on the torch engine: it holds float32, int32 and bool`,
  );
}

function nativeValues(values: BackendValues | readonly number[], dtype: NativeDtype): NativeValues {
  const list = values as unknown as ArrayLike<number>;
  switch (dtype) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(list);
    case 'int32':
      return values instanceof Int32Array ? values : Int32Array.from(list);
    case 'bool':
      return values instanceof Uint8Array ? values : Uint8Array.from(list);
  }
}
