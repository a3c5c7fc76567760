/** Runs one of this folder's programs beside a cluster without nodes: its objects are kept and controlled. */
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../../shared/project-root.js';
import { inCluster } from '../cluster.js';

/** @throws Error with what the program said. @returns its last line */
export async function onCluster<Result>(
  name: 'many-jobs' | 'killed-controller',
  words: readonly string[],
): Promise<Result> {
  const path = `dist/e2e/kubernetes/controller/${name}.js`;
  const program = fileURLToPath(new URL(path, projectRoot));
  const { code, stderr, stdout } = await inCluster({ nodes: 0 }, [
    process.execPath,
    program,
    ...words,
  ]);
  const last = stdout.trim().split('\n').pop() ?? '';
  if (code === 0) return JSON.parse(last) as Result;
  throw new Error(`${name} ended with ${code}: ${stderr}${stdout}`);
}
