/**
 * The proof that a report comes from the job that it is about: HMAC-SHA256 of its bytes with a key that
 * the job's coordinators and whoever started them have. It stands in the header `authorization`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { secretBytesMin } from '../limits.js';

const scheme = 'LockstepReport';

/** The value of the header for these bytes. */
export const sealOf = (key: Uint8Array, body: Uint8Array): string =>
  `${scheme} ${hmac(key, body).toString('hex')}`;

/** Whether a header, as it was received, is the seal of these bytes. */
export function hasSeal(header: string | undefined, key: Uint8Array, body: Uint8Array): boolean {
  const hex = /^LockstepReport ([0-9a-f]{64})$/.exec(header ?? '')?.[1];
  return hex !== undefined && timingSafeEqual(Buffer.from(hex, 'hex'), hmac(key, body));
}

/** A key as a file holds it: hexadecimal digits, of at least 16 bytes. Null for any other text. */
export function readReportKey(text: string): Uint8Array | null {
  const hex = text.trim();
  const isHex = /^(?:[0-9a-fA-F]{2})+$/.test(hex) && hex.length <= 1024;
  return isHex && hex.length >= 2 * secretBytesMin ? Buffer.from(hex, 'hex') : null;
}

const hmac = (key: Uint8Array, body: Uint8Array): Buffer =>
  createHmac('sha256', key).update(body).digest();
