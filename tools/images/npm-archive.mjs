import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { runLogged } from '../setup/command.mjs';
import { inRoot } from '../setup/paths.mjs';
import { StepFailedError } from '../setup/step-failed-error.mjs';

const folder = inRoot('build/images/base/npm');

/**
 * Fetches a package as npm packs it, once.
 *
 * @param wanted `{ name, version, integrity }`
 * @param registry npm's, or undefined for the one that npm is set to
 * @returns the archive's path
 * @throws StepFailedError where npm has other contents under this version
 */
export async function npmArchive({ name, version, integrity }, registry) {
  const path = `${folder}/${name}-${version}.tgz`;
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const from = registry === undefined ? [] : ['--registry', registry];
    const what = [`${name}@${version}`, '--pack-destination', folder, ...from];
    await runLogged('images-npm', ['npm', 'pack', '--ignore-scripts', ...what]);
  }
  const found = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
  if (found === integrity) return path;
  rmSync(path);
  throw new StepFailedError(
    `Cannot build images: ${name} ${version} has the digest ${found}: it must be ${integrity}`,
  );
}
