/**
 * How two sides show each other that they know the job's secret, without sending it: each signs what
 * both have said in this handshake. The server's nonce is made for one connection and used once, so a
 * recorded proof is worth nothing; the dialler's makes the server answer for itself; and over TLS the
 * channel's own name is signed too, so that nobody can pass a handshake on from another channel.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Hello, isToken } from './hello.js';

/** Bytes of a nonce: as many as of the hash, so that none is ever made twice. */
export const nonceBytes = 32;

export interface Handshake {
  readonly hello: Hello;
  /** Of 32 bytes each, in base64url. */
  readonly serverNonce: string;
  readonly diallerNonce: string;
  /** `channelOf` the connection; empty without TLS. */
  readonly channel: string;
}

/** HMAC-SHA256 (RFC 2104) over the handshake as this side sees it, in base64url. */
export function proofOf(
  side: 'dialler' | 'server',
  secret: Uint8Array,
  { hello, serverNonce, diallerNonce, channel }: Handshake,
): string {
  const about = hello.purpose === 'links' ? [hello.generation, hello.from, hello.to] : [];
  // No part holds a line break, so that no two handshakes have one text.
  const lines = ['lockstep links 1', side, hello.purpose, ...about, serverNonce, diallerNonce];
  return createHmac('sha256', secret)
    .update([...lines, channel].join('\n'))
    .digest('base64url');
}

/** Takes as long for a proof that is wrong in its first byte as for one that is wrong in its last. */
export function isProof(given: unknown, expected: string): boolean {
  return isToken(given) && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

/** A name that only the two ends of this TLS channel can know (RFC 9266). */
export const channelOf = (socket: TLSSocket): string =>
  socket
    .exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    .toString('base64url');
