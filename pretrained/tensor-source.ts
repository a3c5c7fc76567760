/**
 * The tensors of a pretrained model, whatever its files look like: named and laid out as in Hugging
 * Face's Llama, and read as float32 in pieces, so that nobody holds a model twice.
 */
export interface SourceTensor {
  /** `model.layers.0.self_attn.q_proj.weight`. */
  readonly name: string;
  /** Matrices are [out, in]. */
  readonly shape: readonly number[];
  /** As the files have it: `BF16`, `Q4_K`. */
  readonly dtype: string;
}

/** Elements of a tensor in row-major order; `end` exclusive. */
export interface ElementRange {
  readonly begin: number;
  readonly end: number;
}

export interface TensorSource {
  /** In the order of the files. */
  readonly tensors: readonly SourceTensor[];
  /**
   * The elements of a range in order. A piece is valid until the next one is asked for.
   *
   * @throws PretrainedError where the file ends too early
   */
  read(name: string, range: ElementRange): AsyncGenerator<Float32Array>;
  close(): Promise<void>;
}

export const elementsOf = ({ shape }: Pick<SourceTensor, 'shape'>): number =>
  shape.reduce((product, extent) => product * extent, 1);
