/**
 * A SHA-256 among the statistics of a step, which travel as float32: whole numbers below 2^24 are exact
 * there, so the 32 bytes go by threes.
 */
export const digestFloats = 11;

const bytesOfFloat = 3;

/** @param digest in hexadecimal */
export function floatsOfDigest(digest: string): number[] {
  const bytes = Buffer.from(digest, 'hex');
  return Array.from({ length: digestFloats }, (_, index) => {
    const at = index * bytesOfFloat;
    return bytes.readUIntBE(at, Math.min(bytesOfFloat, bytes.length - at));
  });
}

/** The reverse. */
export function digestOfFloats(floats: ArrayLike<number>): string {
  const texts = Array.from({ length: digestFloats }, (_, index) => {
    const digits = index < digestFloats - 1 ? 6 : 4;
    return (floats[index] as number).toString(16).padStart(digits, '0');
  });
  return texts.join('');
}
