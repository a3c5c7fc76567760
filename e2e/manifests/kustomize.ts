import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';

/** kubectl on PATH, or where a cluster of the tests has unpacked it; null where there is none. */
export function findKubectl(environment: NodeJS.ProcessEnv = process.env): string | null {
  const unpacked = environment.KUBE_BIN ?? join(homedir(), '.cache', 'lockstep-kube');
  const folders = [...(environment.PATH ?? '').split(delimiter), unpacked];
  return folders.map((folder) => join(folder, 'kubectl')).find((file) => existsSync(file)) ?? null;
}

export const kustomize = (kubectl: string, folder: string): string =>
  execFileSync(kubectl, ['kustomize', fileURLToPath(new URL(folder, projectRoot))], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
