#!/usr/bin/env node
/**
 * Packs what a machine with a GPU needs to build, test and measure Lockstep: a machine that has
 * PyTorch, CMake and a C++ compiler, but no Node, no npm and no network. What is packed is the
 * working tree, compiled. See docs/gpu.md.
 *
 *   node tools/gpu-bundle.mjs [OUT.tar.xz]
 *
 * Without OUT the archive is build/gpu-bundle/lockstep-gpu.tar.xz. Exit codes: 0 packed, 1 a step
 * failed or the archive is too large, 2 wrong usage.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isKept } from './gpu-bundle/is-kept.mjs';
import { neededPackages } from './gpu-bundle/needed-packages.mjs';
import { addNode } from './gpu-bundle/node-binary.mjs';
import { megabytes, partSizes, tooLarge } from './gpu-bundle/sizes.mjs';
import { runLogged } from './setup/command.mjs';
import { compiled } from './setup/compiled.mjs';
import { lockSetup } from './setup/lock.mjs';
import { npmPackages } from './setup/npm-packages.mjs';
import { inRoot, root } from './setup/paths.mjs';
import { filesBelow } from './setup/stamp.mjs';
import { StepFailedError } from './setup/step-failed-error.mjs';

const name = 'lockstep-gpu';
const stage = inRoot(`build/gpu-bundle/${name}`);

/** Whole folders and single files of the checkout, beside packages and what is compiled. */
const sources = [
  'package.json',
  'LICENSE',
  'worker/engine/torch/native',
  'worker/arithmetic/native',
  'e2e/golden/cases',
  'bench/batches',
  'bench/peers/packed_step.py',
  'bench/peers/matmul_peak.py',
];

/** Needed at the top of the archive. */
const moved = { 'tools/gpu-bundle/run.sh': 'run.sh' };

/** Nothing is compiled over there. */
const packagesLeftOut = ['typescript'];
/** Of tests. */
const packagesAdded = ['fast-check', 'jasmine-core'];

const largestShown = 12;

async function main(words) {
  if (words.length > 1 || words[0]?.startsWith('-')) {
    console.error('Cannot bundle: usage: node tools/gpu-bundle.mjs [OUT.tar.xz]');
    return 2;
  }
  const archive = resolve(words[0] ?? inRoot(`build/gpu-bundle/${name}.tar.xz`));
  await compile();
  rmSync(stage, { recursive: true, force: true });
  addCheckout();
  await addNode(stage);
  writeFileSync(`${stage}/bundle.json`, `${JSON.stringify(origin())}\n`);
  await pack(archive);
  return tell(archive);
}

async function compile() {
  const unlock = await lockSetup(console.log);
  try {
    for (const step of [npmPackages, compiled]) {
      if (step.isStale()) console.log(`gpu-bundle: ${step.name} ${await step.run(console.log)}`);
    }
  } finally {
    unlock();
  }
}

function addCheckout() {
  for (const path of [...sources, 'dist', ...packages()].flatMap(filesAt)) {
    if (isKept(path)) copy(path, path);
  }
  for (const [from, to] of Object.entries(moved)) copy(from, to);
}

function packages() {
  const lock = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  const dependencies = Object.keys(lock[''].dependencies);
  const roots = dependencies.filter((each) => !packagesLeftOut.includes(each));
  return neededPackages(lock, [...roots, ...packagesAdded], (folder) => existsSync(inRoot(folder)));
}

/** Paths from the root. */
const filesAt = (path) =>
  statSync(inRoot(path)).isDirectory()
    ? filesBelow(inRoot(path)).map((file) => file.slice(root.length + 1))
    : [path];

function copy(from, to) {
  const target = `${stage}/${to}`;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(inRoot(from), target);
}

/** For the head of a report. */
function origin() {
  const made = new Date().toISOString();
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    const changes = git('status', '--porcelain', '--untracked-files=no');
    return { made, commit: git('rev-parse', 'HEAD'), changed: changes !== '' };
  } catch {
    return { made, commit: 'unknown', changed: true };
  }
}

async function pack(archive) {
  mkdirSync(dirname(archive), { recursive: true });
  process.env.XZ_OPT ??= '-6 -T0';
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name'];
  const where = ['--directory', dirname(stage), name];
  await runLogged('gpu-bundle', ['tar', '--create', '--xz', '--file', archive, ...owner, ...where]);
}

function tell(archive) {
  const bytes = statSync(archive).size;
  const files = filesBelow(stage).map((file) => [
    file.slice(stage.length + 1),
    statSync(file).size,
  ]);
  const sizes = partSizes(files);
  console.log(`gpu-bundle: ${archive}: ${megabytes(bytes)}; its largest parts, uncompressed:`);
  for (const [part, size] of sizes.slice(0, largestShown)) {
    console.log(`${megabytes(size).padStart(10)}  ${part}`);
  }
  const problem = tooLarge(bytes);
  if (problem === null) return 0;
  console.error(problem);
  return 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StepFailedError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
