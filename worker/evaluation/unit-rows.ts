/**
 * The rows of a matrix [D, H] scaled to the length one. Norms in double precision: the order of items by
 * cosine is the order by dot product then.
 */
export function unitRows(matrix_DH: Float32Array, hidden: number): Float32Array {
  const units = new Float32Array(matrix_DH.length);
  for (let at = 0; at < matrix_DH.length; at += hidden) {
    const row = matrix_DH.subarray(at, at + hidden);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    units.set(
      row.map((value) => value / norm),
      at,
    );
  }
  return units;
}
