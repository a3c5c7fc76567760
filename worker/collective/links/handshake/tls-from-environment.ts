import { OptionError } from '../../../../process/options.js';
import type { TlsFiles } from './trust.js';

const names = {
  certFile: 'LOCKSTEP_LINKS_CERT_FILE',
  keyFile: 'LOCKSTEP_LINKS_KEY_FILE',
  caFile: 'LOCKSTEP_LINKS_CA_FILE',
} as const;

/**
 * The PEM files of this worker's links; null where the links speak plainly.
 *
 * @throws OptionError where only some of them are named.
 */
export function tlsFromEnvironment(environment: NodeJS.ProcessEnv = process.env): TlsFiles | null {
  const read = (name: string): string => environment[name] ?? '';
  const files: TlsFiles = {
    certFile: read(names.certFile),
    keyFile: read(names.keyFile),
    caFile: read(names.caFile),
  };
  const missing = Object.values(names).filter((name) => read(name) === '');
  if (missing.length === Object.keys(names).length) return null;
  if (missing.length === 0) return files;
  throw new OptionError(
    `Cannot start: ${missing.join(' and ')} is missing: links are encrypted with all of ` +
      `${Object.values(names).join(', ')}, or with none`,
  );
}
