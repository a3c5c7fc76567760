/**
 * TLS for links: every worker shows a certificate and checks its peer's against one authority. The
 * name in a certificate is not compared with the address, which may be anything that discovery found:
 * who the peer is, it shows by the secret, signed together with the name of this very channel.
 */
import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';

/** PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Who has signed the peers' certificates. */
  readonly caFile: string;
}

export type TlsIdentity = SecureContextOptions & {
  readonly rejectUnauthorized: true;
  readonly minVersion: 'TLSv1.3';
};

/** @throws Error of the system where a file cannot be read. */
export const readTlsIdentity = ({ certFile, keyFile, caFile }: TlsFiles): TlsIdentity => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
  ca: readFileSync(caFile),
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
});

/** What both ends of a connection know beforehand. */
export interface Trust {
  /** The job's; empty where the network is trusted. */
  readonly secret: Uint8Array;
  /** Null speaks plainly. */
  readonly tls: TlsIdentity | null;
}
