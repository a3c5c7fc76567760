/**
 * A command as a container has it: the first process of its namespace, a root file system that is only read,
 * a user that nobody knows, without a home, and a host's name that is the pod's.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';

export const user = 54_321;

const setUp = `set -e
mount --make-rprivate /
echo "$1" > /proc/sys/kernel/hostname
mount --bind "$2" "$2"
mount -o remount,bind,ro /
if [ -d "$3" ]; then mount -t tmpfs -o ro none "$3"; fi
cd "$2"
shift 3
exec setpriv --reuid ${user} --regid ${user} --clear-groups --inh-caps=-all --no-new-privs "$@"`;

/** Datasets that this checkout has fetched: no image has any. */
const fetchedHere = fileURLToPath(new URL('data', projectRoot));

/** The words of a program that does the same in a container, in which only `folder` can be written. */
export function contained(
  name: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
): string[] {
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  for (const path of [folder, temporary]) chownSync(path, user, user);
  const variables = { PATH: '/usr/bin:/bin', TMPDIR: temporary, ...environment };
  return [
    ...['unshare', '--mount', '--uts', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'],
    ...['sh', '-c', setUp, 'sh', name, folder, fetchedHere, 'env', '-i'],
    ...Object.entries(variables).map(([variable, value]) => `${variable}=${value}`),
    ...words,
  ];
}

/** The process that is the first one inside, by its number outside; null where it has ended. */
export function firstInside(pid: number): number | null {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return Number(children.trim().split(' ')[0]) || null;
  } catch {
    return null;
  }
}

/** False where this process may not make such containers; a test says so then, and is skipped. */
export function canContain(folder: string): boolean {
  try {
    const probe = join(folder, 'probe');
    mkdirSync(probe);
    chmodSync(folder, 0o755);
    const [program = '', ...words] = contained('probe', probe, {}, ['true']);
    execFileSync(program, words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
