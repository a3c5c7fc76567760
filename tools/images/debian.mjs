/** A Debian for a machine that can pull no image: made by debootstrap, imported once. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { runLogged } from '../setup/command.mjs';
import { inRoot } from '../setup/paths.mjs';
import { onPath } from '../setup/prerequisites.mjs';
import { StepFailedError } from '../setup/step-failed-error.mjs';
import { codename } from './decide.mjs';

export const debianImage = `localhost/lockstep-debian:${codename}`;

const home = inRoot('build/images/base/debian');

/**
 * @param mirror of Debian's archive, or undefined for debootstrap's own
 * @param builder with `build`, see builder.mjs
 * @returns the image's name
 * @throws StepFailedError
 */
export async function debootstrapped(mirror, builder, say) {
  const folder = `${home}/root`;
  if (!existsSync(folder)) {
    const problem = obstacle();
    if (problem !== null) {
      throw new StepFailedError(`Cannot build images: no image of Debian can be had: ${problem}`);
    }
    say(`debootstrap ${codename} (half a minute)`);
    mkdirSync(home, { recursive: true });
    const scratch = `${home}/part`;
    rmSync(scratch, { recursive: true, force: true });
    const from = mirror === undefined ? [] : [mirror];
    await runLogged('images-debian', [
      'debootstrap',
      '--variant=minbase',
      codename,
      scratch,
      ...from,
    ]);
    // Of this machine, and of no use to whoever starts from here.
    for (const name of ['etc/resolv.conf', 'etc/hostname', 'var/log/bootstrap.log']) {
      rmSync(`${scratch}/${name}`, { force: true });
    }
    rmSync(`${scratch}/var/cache/apt/archives`, { recursive: true, force: true });
    mkdirSync(`${scratch}/var/cache/apt/archives/partial`, { recursive: true });
    renameSync(scratch, folder);
  }
  if (!(await builder.has(debianImage))) {
    const recipe = `${home}/Dockerfile`;
    writeFileSync(recipe, 'FROM scratch\nCOPY root /\n');
    await builder.build({ file: recipe, context: home, tag: debianImage });
  }
  return debianImage;
}

function obstacle() {
  if (onPath('debootstrap') === null) {
    return 'debootstrap is not here either: run: apt-get install -y --no-install-recommends debootstrap';
  }
  return process.getuid?.() === 0 ? null : 'debootstrap makes one, but for root only';
}
