import type { BigIntStats } from 'node:fs';
import { limits } from '../limits.js';

/**
 * Changes whenever a file is replaced or written to. The times of the last write and of the last
 * change of the inode are both in it: the first can be set back (`touch`, `rsync -t`), the second
 * cannot. What it does not see: bytes that rot on the disk, and writes past the file system.
 */
export const fileIdentity = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;

/** Whether the last change is so long ago that another one would carry another time. */
export function isSettled({ mtimeMs, ctimeMs }: BigIntStats, now: number): boolean {
  const last = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);
  return now - last >= limits.settleMs;
}
