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
  let head = new Float32Array(0);
  return {
    dtype: plain.dtype,
    elements,
    bytes: (elements / plain.elements) * plain.bytes,
    decode(bytes, into) {
      if (head.length !== into.length) head = new Float32Array(into.length);
      plain.decode(bytes, head);
      for (let start = 0; start < into.length; start += elements) {
        turn(head, into, start, rows, columns);
      }
    },
  };
}

function turn(
  from: Float32Array,
  into: Float32Array,
  start: number,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    const source = 2 * (row % (rows / 2)) + Math.floor(row / (rows / 2));
    const begin = start + source * columns;
    into.set(from.subarray(begin, begin + columns), start + row * columns);
  }
}
