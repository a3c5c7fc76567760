import type { Encoding } from './encoding.js';

/**
 * Llama's GGUF files keep the rows of query and key projections in another order: within a head, the
 * two numbers that a rotary position turns are neighbours there, and half a head apart in Hugging
 * Face's layout (`LlamaModel.permute` of llama.cpp's converter). A head is the unit here, decoded and
 * put back into order.
 *
 * @param rows of a head. @param columns of the matrix; 1 for a bias.
 */
export function turnedHeads(plain: Encoding, rows: number, columns: number): Encoding {
  const elements = rows * columns;
  const unit = (elements / plain.elements) * plain.bytes;
  return {
    dtype: plain.dtype,
    elements,
    bytes: unit,
    decode(bytes, into) {
      if (scratch.length < elements) scratch = new Float32Array(elements);
      const head = scratch.subarray(0, elements);
      for (let index = 0; index * elements < into.length; index++) {
        plain.decode(bytes.subarray(index * unit, (index + 1) * unit), head);
        turn(head, into.subarray(index * elements, (index + 1) * elements), rows, columns);
      }
    },
  };
}

/** A head in the file's order; decoding waits for nothing, so all tensors share it. */
let scratch = new Float32Array(0);

function turn(from: Float32Array, into: Float32Array, rows: number, columns: number): void {
  for (let row = 0; row < rows; row++) {
    const source = 2 * (row % (rows / 2)) + Math.floor(row / (rows / 2));
    into.set(from.subarray(source * columns, (source + 1) * columns), row * columns);
  }
}
