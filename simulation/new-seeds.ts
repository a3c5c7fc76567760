/**
 * Which seeds the tests run besides those that failed once. They follow from the commit: so each commit is
 * tested with seeds of its own, and testing it again, here or elsewhere, tests the same.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../shared/project-root.js';

/** Of a commit's name in hexadecimal; a copy without a repository has the first seeds. */
export const firstNewSeed = (commit: string | null): number =>
  commit === null ? 1 : Number.parseInt(commit.slice(0, 7), 16) * 10_000;

export function headCommit(): string | null {
  try {
    const text = execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: fileURLToPath(projectRoot),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /^[0-9a-f]{40}/.test(text) ? text.trim() : null;
  } catch {
    return null;
  }
}
