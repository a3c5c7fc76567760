import { readFileSync } from 'node:fs';
import { projectRoot } from '../shared/project-root.js';

/** The version of this installation. */
export function version(): string {
  const text = readFileSync(new URL('package.json', projectRoot), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
