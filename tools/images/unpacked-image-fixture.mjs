/** An image for tests: its file system out of the archive, and processes in it as a container has them. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath } from '../setup/prerequisites.mjs';
import { readArchive } from './archive.mjs';

/** What building and running them needs; false where all of it is here. */
export function whyNot() {
  if (process.platform !== 'linux') return 'images are built on Linux';
  if (process.getuid() !== 0) return 'needs root: for debootstrap and chroot';
  const missing = ['buildah', 'debootstrap', 'unshare', 'tar'].filter(
    (name) => onPath(name) === null,
  );
  return missing.length === 0 ? false : `needs ${missing.join(', ')}`;
}

/** @returns `{ root, config }`; the caller removes the folder */
export function unpack(archive) {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-image-'));
  // Its folder is the root of another user.
  chmodSync(root, 0o755);
  const { config, layers } = readArchive(archive);
  for (const { offset, size } of layers) {
    // A layer with CUDA's libraries is larger than a buffer can be.
    const take = 'tail -c +"$2" "$1" | head -c "$3" | tar -x -C "$4"';
    const words = [archive, String(offset + 1), String(size), root];
    execFileSync('sh', ['-c', take, 'sh', ...words]);
  }
  return { root, config };
}

// As Kubernetes runs it: nothing may be written but where volumes are.
const enter = `
set -eu
root=$1 binds=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o uid=65532,gid=65532,mode=0755 tmpfs "$root/var/lib/lockstep"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
for bind in $binds; do
  from=\${bind%%=*} to=$root/tmp/\${bind##*=}
  if [ -d "$from" ]; then mkdir "$to"; else touch "$to"; fi
  mount --bind "$from" "$to"
done
exec chroot --userspec=65532:65532 "$root" "$@"
`;

/**
 * Starts a program of the image as the first process of a container: user 65532, a read-only root.
 *
 * @param image of `unpack`
 * @param words the command line; null for the image's entry point, with `more` behind it
 * @param binds files and folders of this machine by their names in the container's /tmp
 */
export function startInside(
  { root, config },
  { words = null, more = [], environment = {}, binds = {} },
) {
  const { Entrypoint, Env, WorkingDir } = config.config;
  const variables = [...Env, ...Object.entries(environment).map((pair) => pair.join('='))];
  const command = words ?? [...Entrypoint, ...more];
  const places = Object.entries(binds)
    .map(([name, from]) => `${from}=${name}`)
    .join(' ');
  const within = ['/usr/bin/env', '-i', '-C', WorkingDir, ...variables, ...command];
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child'];
  const child = spawn(
    'unshare',
    [...namespaces, 'sh', '-c', enter, 'sh', root, places, ...within],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const output = { stdout: '', stderr: '' };
  for (const name of Object.keys(output)) {
    child[name].on('data', (bytes) => {
      output[name] += bytes;
    });
  }
  const end = new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, output, end };
}

/** The number that the first process has outside of its container. */
export function firstProcess({ child }) {
  const path = `/proc/${child.pid}/task/${child.pid}/children`;
  const bytes = Buffer.alloc(64);
  if (!existsSync(path)) throw new Error(`The container of ${child.pid} has ended`);
  const descriptor = openSync(path, 'r');
  const length = readSync(descriptor, bytes, 0, bytes.length, 0);
  closeSync(descriptor);
  return Number(bytes.toString('utf8', 0, length).trim());
}
