/**
 * The users of a lane as a ledger writes them: row numbers of the dataset, u32 little-endian, in
 * base64. A million users an epoch take 5.3 MB that way, whatever their numbers.
 */
import { createHash } from 'node:crypto';

/** Base64 of whole u32: pads stand only where bytes of the last one end. */
const pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @param users rows of the dataset. [U] */
export const encodeUsers = (users: Int32Array): string => bytesOf(users).toString('base64');

/** Null for a text that is no list of users. */
export function decodeUsers(text: string): Int32Array | null {
  if (text.length % 4 !== 0 || !pattern.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  // What decodes to the same bytes in two ways could be changed without a trace.
  if (bytes.length % 4 !== 0 || bytes.toString('base64') !== text) return null;
  const users = new Int32Array(bytes.length / 4);
  for (let index = 0; index < users.length; index++) users[index] = bytes.readInt32LE(index * 4);
  return users.every((user) => user >= 0) ? users : null;
}

/**
 * SHA-256 of the users' u32, in hexadecimal: what `base64 -d | sha256sum` says of their text.
 *
 * @param users in the order in which the lane trains them. [U]
 */
export const usersDigest = (users: Int32Array): string =>
  createHash('sha256').update(bytesOf(users)).digest('hex');

function bytesOf(users: Int32Array): Buffer {
  const bytes = Buffer.alloc(users.length * 4);
  for (let index = 0; index < users.length; index++) {
    bytes.writeInt32LE(users[index] as number, index * 4);
  }
  return bytes;
}
