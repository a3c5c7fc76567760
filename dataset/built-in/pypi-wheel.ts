/**
 * Fetches one wheel with pip, so that whatever index, proxy or mirror this machine's pip is
 * configured for is used.
 */
import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectRoot } from '../../shared/project-root.js';
import { DatasetError } from '../dataset-error.js';

const run = promisify(execFile);
const timeoutMs = 300_000;

/**
 * The bytes of `name==version`, a wheel that runs anywhere, without what it depends on.
 *
 * @throws DatasetError
 */
export async function fetchWheel(name: string, version: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-wheel-'));
  try {
    const python = await findPython();
    const what = `${name}==${version}`;
    const request = ['download', '--no-deps', '--only-binary=:all:', '--quiet'];
    await run(
      python,
      ['-m', 'pip', '--disable-pip-version-check', ...request, '--dest', folder, what],
      { timeout: timeoutMs },
    ).catch((cause: unknown) => {
      throw fetchFailed(what, `pip of ${python} failed: ${lastLine(cause)}`, cause);
    });
    const [file] = (await readdir(folder)).filter((entry) => entry.endsWith('.whl'));
    if (file === undefined) throw fetchFailed(what, 'pip left no wheel');
    return await readFile(join(folder, file));
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

/** What pip said last, which is where it says why. */
function lastLine(cause: unknown): string {
  const { stderr, message } = cause as { stderr?: string; message?: string };
  const lines = (stderr?.trim() || message || String(cause)).trim().split('\n');
  return lines.filter((line) => line.startsWith('ERROR')).at(-1) ?? lines.at(-1)!;
}

function fetchFailed(what: string, why: string, cause?: unknown): DatasetError {
  return new DatasetError('FETCH_FAILED', `Cannot fetch ${what}: ${why}`, { cause });
}
