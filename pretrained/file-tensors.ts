/** Tensors that lie in files, each in one run of bytes, decoded as they are read. */
import { type FileHandle, open } from 'node:fs/promises';
import { readInto } from '../storage/hashed-files.js';
import type { Encoding } from './decode/encoding.js';
import { limits } from './limits.js';
import { PretrainedError } from './pretrained-error.js';
import type { ElementRange, SourceTensor, TensorSource } from './tensor-source.js';

export interface FileTensor extends SourceTensor {
  readonly file: string;
  /** Of its first byte in the file. */
  readonly position: number;
  readonly encoding: Encoding;
}

interface Memory {
  readonly raw: Uint8Array;
  readonly floats: Float32Array;
}

export class FileTensors implements TensorSource {
  readonly tensors: readonly FileTensor[];
  readonly #byName: ReadonlyMap<string, FileTensor>;
  readonly #open = new Map<string, FileHandle>();
  /** Of the read that ended last: a model has hundreds of tensors, and each would leave its own behind. */
  #spare: Memory | null = null;

  constructor(tensors: readonly FileTensor[]) {
    this.tensors = tensors;
    this.#byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  async *read(name: string, range: ElementRange): AsyncGenerator<Float32Array> {
    const { file, position, encoding } = this.#tensor(name);
    const handle = await this.#handle(file);
    const { elements, bytes } = encoding;
    const first = Math.floor(range.begin / elements);
    const last = Math.ceil(range.end / elements);
    const atOnce = Math.min(last - first, Math.max(1, Math.floor(limits.pieceElements / elements)));
    const memory = this.#takeMemory(atOnce * bytes, atOnce * elements);
    try {
      for (let unit = first; unit < last; unit += atOnce) {
        const count = Math.min(atOnce, last - unit);
        const raw = memory.raw.subarray(0, count * bytes);
        const read = await readInto(handle, raw, position + unit * bytes);
        if (read.byteLength < raw.byteLength) {
          throw new PretrainedError(file, `it ends within the tensor "${name}"`);
        }
        const piece = memory.floats.subarray(0, count * elements);
        encoding.decode(raw, piece);
        const start = unit * elements;
        const end = Math.min(piece.length, range.end - start);
        yield piece.subarray(Math.max(0, range.begin - start), end);
      }
    } finally {
      this.#spare = memory;
    }
  }

  /** Whoever reads at the same time gets memory of its own. */
  #takeMemory(bytes: number, floats: number): Memory {
    const spare = this.#spare;
    this.#spare = null;
    if (spare !== null && spare.raw.length >= bytes && spare.floats.length >= floats) return spare;
    return { raw: new Uint8Array(bytes), floats: new Float32Array(floats) };
  }

  async close(): Promise<void> {
    const handles = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(handles.map((handle) => handle.close()));
  }

  #tensor(name: string): FileTensor {
    const tensor = this.#byName.get(name);
    if (tensor === undefined)
      throw new RangeError(`Cannot read "${name}": there is no such tensor`);
    return tensor;
  }

  async #handle(file: string): Promise<FileHandle> {
    const known = this.#open.get(file);
    if (known !== undefined) return known;
    const handle = await open(file, 'r');
    this.#open.set(file, handle);
    return handle;
  }
}
