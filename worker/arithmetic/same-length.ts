/** @throws RangeError naming the two vectors: native code reads as far as the longer one. */
export function requireSameLength(
  what: string,
  vectors: Readonly<Record<string, ArrayLike<number>>>,
): void {
  const lengths = Object.entries(vectors).map(([name, { length }]) => `${name} ${length}`);
  if (new Set(Object.values(vectors).map(({ length }) => length)).size > 1) {
    throw new RangeError(
      `Cannot ${what}: the vectors have different lengths: ${lengths.join(', ')}: should be equal`,
    );
  }
}
