import { damaged } from './flat-file.js';

/**
 * Whether offsets start at 0, grow by `least` at least, and end at `total`.
 *
 * @throws DatasetError naming the file
 */
export function checkOffsets(
  file: string,
  offsets: Uint32Array,
  total: number,
  least: number,
): void {
  if (offsets[0] !== 0) throw damaged(file, `value 0 is ${offsets[0]}: it should be 0`);
  for (let i = 1; i < offsets.length; i++) {
    if (offsets[i]! < offsets[i - 1]! + least) {
      throw damaged(
        file,
        `value ${i} is ${offsets[i]}: it should be at least ${offsets[i - 1]! + least}`,
      );
    }
  }
  const last = offsets[offsets.length - 1];
  if (last !== total) throw damaged(file, `its last value is ${last}: it should be ${total}`);
}
