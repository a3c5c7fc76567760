#!/usr/bin/env node
/**
 * Runs the compiled tests, and those of tools/ as they are, with node's own runner.
 *
 *   node tools/test.mjs [--unit] [part-of-a-path ...]
 *
 * `--unit` leaves out the tests that need sockets, processes or an addon. Exit code: the runner's.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { inRoot, root } from './setup/paths.mjs';
import { filesBelow } from './setup/stamp.mjs';

// Tests of whole runs mostly wait, for heartbeats and for each other.
const concurrency = availableParallelism() + 1;

const words = process.argv.slice(2);
const unit = words.includes('--unit');
const filters = words.filter((word) => word !== '--unit');
const option = filters.find((word) => word.startsWith('-'));
const tests = option === undefined ? selected() : [];

if (option !== undefined) {
  console.error(`Cannot run tests: ${option} is no option: the only one is --unit`);
  process.exitCode = 2;
} else if (tests.length === 0) {
  // Nothing to run is not a success: a filter with a typing error would pass for one.
  const what =
    filters.length === 0 ? 'any' : filters.map((filter) => JSON.stringify(filter)).join(' or ');
  console.error(
    `Cannot run tests: dist has no ${unit ? 'unit ' : ''}test for ${what}: see "npm run setup"`,
  );
  process.exitCode = 2;
} else {
  run();
}

function selected() {
  if (!existsSync(inRoot('dist'))) return [];
  return [...filesBelow(inRoot('dist')), ...filesBelow(inRoot('tools'))]
    .map((file) => file.slice(root.length + 1))
    .filter((file) => /\.test\.m?js$/.test(file) && existsSync(inRoot(sourceOf(file))))
    .filter((file) => !unit || !isIntegration(file))
    .filter(
      (file) =>
        filters.length === 0 ||
        filters.some((filter) => sourceOf(file).includes(sourceName(filter))),
    );
}

function sourceOf(file) {
  return file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
}

/** A filter may also be a path as a shell completes it: ./worker/x.test.ts, dist/worker/x.test.js. */
function sourceName(filter) {
  return sourceOf(filter.replace(/^\.\//, ''));
}

function isIntegration(file) {
  return /\.integration\.test\.m?js$/.test(file);
}

function run() {
  // This reporter repeats the failures at the end, where the end of a log shows them.
  const options = ['--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`];
  // What programs under test remember of their machine stays out of the user's cache.
  const env = { ...process.env, LOCKSTEP_CACHE: inRoot('build/test-cache') };
  const child = spawn(process.execPath, [...options, ...tests], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  // A terminal's Ctrl-C reaches the runner too, which ends its tests; we wait for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
