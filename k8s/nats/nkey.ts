/**
 * Keys of NATS that are not drawn but derived: the same secret gives the same key, for ever. A key is one
 * of Node's own ed25519, which signs a hundred times as fast as the JavaScript of NATS' package: a
 * controller that comes back to 500 jobs signs 2,000 tokens. In text, NATS writes the kind of a key in
 * front, a CRC-16 behind, and all of it in base32.
 */
import { createPrivateKey, createPublicKey, hkdfSync, sign } from 'node:crypto';

export type KeyKind = 'operator' | 'account' | 'user';

export interface NatsKey {
  readonly publicKey: string;
  /** What the private half is made of: shown to whom the key belongs, and nobody else. */
  readonly seed: string;
  sign(data: Uint8Array): Uint8Array;
}

/** 32 bytes that whoever does not have the master key cannot tell from chance, another 32 for each label. */
export const derivedBytes = (masterKey: Uint8Array, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, 'lockstep', label, 32));

export function derivedKey(masterKey: Uint8Array, kind: KeyKind, label: string): NatsKey {
  const raw = derivedBytes(masterKey, `${kind}/${label}`);
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8Head, raw]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicBytes = Buffer.from(
    createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '',
    'base64url',
  );
  const prefix = prefixes[kind];
  return {
    publicKey: textOf([prefix], publicBytes),
    seed: textOf([seedPrefix | (prefix >> 5), (prefix & 31) << 3], raw),
    sign: (data) => sign(null, data, privateKey),
  };
}

/** What stands in front of the 32 bytes of an ed25519 key in PKCS#8 (RFC 8410). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Chosen by NATS so that the first letter of the text says what it is: O, A, U, and S for seeds. */
const prefixes: Readonly<Record<KeyKind, number>> = {
  operator: 14 << 3,
  account: 0,
  user: 20 << 3,
};
const seedPrefix = 18 << 3;

function textOf(prefix: readonly number[], key: Uint8Array): string {
  const bytes = Buffer.from([...prefix, ...key, 0, 0]);
  bytes.writeUInt16LE(crc16(bytes.subarray(0, -2)), bytes.length - 2);
  return base32(bytes);
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648, without padding. */
function base32(bytes: Uint8Array): string {
  let [text, held, bits] = ['', 0, 0];
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31];
}
