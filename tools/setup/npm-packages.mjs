import { existsSync, readFileSync } from 'node:fs';
import { runLogged } from './command.mjs';
import { inRoot } from './paths.mjs';
import { contents, digest, hasStamp, writeStamp } from './stamp.mjs';

// Inside node_modules, so that removing that folder removes it too.
const stamp = inRoot('node_modules/.lockstep-setup');
const lockFile = inRoot('package-lock.json');

const wanted = () => digest(contents([lockFile]));

export const npmPackages = {
  name: 'npm packages',
  needs: () => (isAlreadyInstalled() ? [] : ['npm']),
  isStale: () => !hasStamp(stamp, wanted()),
  async run(say) {
    const value = wanted();
    const present = isAlreadyInstalled();
    if (!present) say('setup: installs npm packages (240 MB on disk)');
    // The development packages too, whatever NODE_ENV says: tsc needs the types.
    if (!present) await runLogged('npm', ['npm', 'ci', '--ignore-scripts', '--include=dev']);
    writeStamp(stamp, value);
    return present ? 'were there' : 'installed';
  },
};

/** Whether node_modules is what `npm ci` would make of the lock file, going by npm's own record. */
function isAlreadyInstalled() {
  const record = inRoot('node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const locked = packagesOf(lockFile);
  const installed = packagesOf(record);
  const isSame = (name) => installed[name]?.version === locked[name]?.version;
  const isRight = (name) => isSame(name) && existsSync(inRoot(`${name}/package.json`));
  return (
    Object.keys(installed).every(isRight) &&
    // Optional ones are there for one platform or another.
    Object.keys(locked).every((name) => name === '' || locked[name].optional || isRight(name))
  );
}

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
