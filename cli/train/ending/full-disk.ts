import { type Bytes, mebibytes } from '../../../shared/units.js';
import { freeBytes, sizeText } from '../../../storage/storage-error.js';

/** With less than this, nats-server answers no more: it was seen to stop with 84 KiB. */
const leastRoom: Bytes = mebibytes(4);

/**
 * Whether the disk of nats-server's store is full. The server does not say so: what should be stored
 * there is not answered, and the run ends with a time-out that names no disk.
 */
export async function fullDisk(
  store: string,
  free: (path: string) => Promise<number | null> = freeBytes,
): Promise<{ readonly code: 'DISK_FULL'; readonly message: string } | null> {
  const room = await free(store);
  if (room === null || room >= leastRoom) return null;
  const message =
    `nats-server cannot store the plan in ${store}: the disk is full ` +
    `(${sizeText(room)} are free)`;
  return { code: 'DISK_FULL', message };
}
