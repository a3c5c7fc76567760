/** Docker or buildah behind one interface: has(name), pull(name), build(what), save(name, file), prune(). */
import { mkdirSync } from 'node:fs';
import { runLogged } from '../setup/command.mjs';
import { inRoot } from '../setup/paths.mjs';
import { onPath, succeeds } from '../setup/prerequisites.mjs';

const log = 'images-build';

/** Which of them can be used here. */
export async function builders() {
  const docker = onPath('docker') !== null && (await succeeds('docker', ['info']));
  return {
    docker,
    // Without it Docker knows no folders that take the place of stages.
    buildx: docker && (await succeeds('docker', ['buildx', 'version'])),
    buildah: onPath('buildah') !== null,
  };
}

export async function openBuilder(name) {
  return name === 'docker' ? dockerBuilder() : await buildahBuilder();
}

/**
 * The words that both understand.
 *
 * @param what `{ file, context, tag }`, and where there are some `target`, `args` (build arguments),
 *   `contexts` (folders that take the place of stages), `secrets` (files by name)
 */
function buildWords({ file, context, tag, target, args = {}, contexts = {}, secrets = {} }) {
  const each = (option, values, line) =>
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .flatMap(([name, value]) => [option, line(name, value)]);
  return [
    ...['--file', file, '--tag', tag],
    ...(target === undefined ? [] : ['--target', target]),
    ...each('--build-arg', args, (key, value) => `${key}=${value}`),
    ...each('--build-context', contexts, (key, folder) => `${key}=${folder}`),
    ...each('--secret', secrets, (id, path) => `id=${id},src=${path}`),
    context,
  ];
}

function dockerBuilder() {
  return {
    has: (name) => succeeds('docker', ['image', 'inspect', name]),
    pull: (name) => runLogged(log, ['docker', 'pull', name]),
    // With buildx it is that, whatever its name.
    build: (what) => runLogged(log, ['docker', 'build', ...buildWords(what)], { append: true }),
    save: (name, file) =>
      runLogged(log, ['docker', 'save', '--output', file, name], { append: true }),
    // Its engine looks after its own cache.
    prune: async () => {},
  };
}

/** Its storage is a folder of the checkout's, so that it goes with it and no other image is touched. */
async function buildahBuilder() {
  const folder = inRoot('build/images/storage');
  mkdirSync(folder, { recursive: true });
  const where = ['--root', folder, '--runroot', `${folder}-run`];
  const driver = process.env.STORAGE_DRIVER ?? (await usableDriver(where));
  const start = ['buildah', ...where, '--storage-driver', driver];
  // The steps of a build need no more than a change of root; what else there is may be forbidden.
  process.env.BUILDAH_ISOLATION ??= 'chroot';
  return {
    has: (name) => succeeds(start[0], [...start.slice(1), 'inspect', '--type', 'image', name]),
    pull: (name) => runLogged(log, [...start, 'pull', name]),
    // Docker's format has the health check; without the time of the build in it, the same files make
    // the same image.
    build: (what) =>
      runLogged(
        log,
        [
          ...start,
          ...['build', '--layers', '--format', 'docker', '--timestamp', '0'],
          ...buildWords(what),
        ],
        { append: true },
      ),
    save: (name, file) =>
      runLogged(log, [...start, 'push', name, `docker-archive:${file}:${name}`], { append: true }),
    // Layers of images that have been replaced, half a gigabyte each time; builds that were interrupted
    // still hold theirs, and there is no other build at this time.
    async prune() {
      await runLogged(log, [...start, 'rm', '--all'], { append: true });
      await runLogged(log, [...start, 'rmi', '--prune'], { append: true });
    },
  };
}

/** Copies of whole trees where layers cannot be laid over each other. */
const usableDriver = async (where) =>
  (await succeeds('buildah', [...where, '--storage-driver', 'overlay', 'info']))
    ? 'overlay'
    : 'vfs';
