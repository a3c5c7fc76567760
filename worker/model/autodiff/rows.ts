/** Rows of row-major matrices in the host's memory. */

/** Adds `length` floats of `from` to `into`, in float32. */
export function addRow(
  into: Float32Array,
  intoStart: number,
  from: Float32Array,
  fromStart: number,
  length: number,
): void {
  for (let index = 0; index < length; index++) {
    into[intoStart + index] =
      (into[intoStart + index] as number) + (from[fromStart + index] as number);
  }
}

/** Copies the rows of a [N, H] matrix that `rows` names. -> [rows.length * H] */
export function takeRows(matrix_NH: Float32Array, rows: Int32Array, hidden: number): Float32Array {
  const taken = new Float32Array(rows.length * hidden);
  rows.forEach((row, index) => {
    taken.set(matrix_NH.subarray(row * hidden, (row + 1) * hidden), index * hidden);
  });
  return taken;
}

/** Adds row i of `from` to row rows[i] of `into`, in the order of i: repeats add up. */
export function addRows(
  into_NH: Float32Array,
  rows: Int32Array,
  from: Float32Array,
  hidden: number,
): void {
  rows.forEach((row, index) => {
    addRow(into_NH, row * hidden, from, index * hidden, hidden);
  });
}
