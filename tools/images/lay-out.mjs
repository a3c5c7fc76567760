#!/usr/bin/env node
/**
 * Lays out what goes into the image of a component, out of a checkout that is set up, in folders that
 * become its layers:
 *   libraries/  shared libraries, which change with the version of torch;
 *   packages/   npm packages, as far as they are loaded;
 *   code/       the project's own modules and addons.
 * It runs on the machine that builds, or inside the build's own stage (k8s/images/Dockerfile).
 *
 *   node tools/images/lay-out.mjs TARGET COMPONENT [PART ...]
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, posix, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRoot, libtorch, root } from '../setup/paths.mjs';
import { onPath } from '../setup/prerequisites.mjs';
import { filesBelow } from '../setup/stamp.mjs';
import { alwaysThere, components } from './components.mjs';
import { isKept, isProgram } from './is-kept.mjs';
import { lockedPackages } from './locked-packages.mjs';
import { reachable } from './reachable.mjs';
import { librariesOf, setLibraryPath } from './shared-libraries.mjs';

export const parts = ['libraries', 'packages', 'code'];

/** From build/native in the image to the libraries beside it. */
const libraryPath = '$ORIGIN/../../lib/torch/lib';
const torchAddon = 'build/native/lockstep_torch.node';

/**
 * The files, packages and addons of a component.
 *
 * @throws Error naming what the checkout lacks
 */
export function planOf(component) {
  const { entries, leftOut, native, read } = components[component];
  const { files, packages, missing } = reachable(entries, leftOut, readText);
  const lacks = [...missing, ...[...native, ...read].filter((file) => !existsSync(inRoot(file)))];
  if (lacks.length > 0) {
    throw new Error(`Cannot lay out ${component}: the checkout lacks ${lacks.join(', ')}`);
  }
  return { files, packages, native, read };
}

/** @param target an absolute folder; its part folders are made anew */
export function layOut(target, plan, wanted = parts) {
  const lay = { libraries: layLibraries, packages: layPackages, code: layCode };
  for (const part of wanted) {
    const folder = `${target}/${part}`;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    lay[part](folder, plan);
  }
}

const readText = (file) => (existsSync(inRoot(file)) ? readFileSync(inRoot(file), 'utf8') : null);

/** The libraries of a plan's addons that the image must bring, as absolute paths below `home`. */
export function librariesOfPlan(plan) {
  if (!plan.native.includes(torchAddon)) return { home: '/', files: [] };
  const home = realpathSync(dirname(libtorch()));
  return { home, files: librariesOf(inRoot(torchAddon), home) };
}

function layLibraries(target, plan) {
  const { home, files } = librariesOfPlan(plan);
  for (const file of files) {
    // Their own paths lead from one folder to the next, so the tree stays as it is.
    const to = `${target}/lib/${relative(home, file)}`;
    copy(file, to);
    // A fifth of libtorch are names that only a debugger reads.
    if (onPath('strip') !== null) execFileSync('strip', ['--strip-unneeded', to]);
  }
}

function layPackages(target, plan) {
  const lock = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  for (const folder of lockedPackages(lock, plan.packages, (path) => existsSync(inRoot(path)))) {
    const files = ownFiles(folder).filter(isKept);
    if (!isProgram(files)) continue;
    for (const file of files) copy(inRoot(file), `${target}/${file}`);
  }
}

/** Without the packages inside it, which are packages of their own. */
const ownFiles = (folder) =>
  readdirSync(inRoot(folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory()
        ? filesBelow(inRoot(path)).map((file) => file.slice(root.length + 1))
        : [path];
    });

function layCode(target, plan) {
  for (const file of [...plan.files, ...plan.read, ...alwaysThere, ...plan.native]) {
    copy(inRoot(file), `${target}/${file}`);
  }
  if (plan.native.includes(torchAddon)) setLibraryPath(`${target}/${torchAddon}`, libraryPath);
  copy(inRoot('k8s/images/healthcheck.mjs'), `${target}/healthcheck.mjs`);
  const { name, version, type, license } = JSON.parse(readText('package.json'));
  writeFileSync(
    `${target}/package.json`,
    `${JSON.stringify({ name, version, type, license }, null, 2)}\n`,
  );
}

/** Readable for everyone, whatever the umask of whoever made the checkout. */
function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, statSync(from).mode & 0o100 ? 0o755 : 0o644);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [target, component, ...wanted] = process.argv.slice(2);
  layOut(posix.resolve(target), planOf(component), wanted.length === 0 ? parts : wanted);
}
