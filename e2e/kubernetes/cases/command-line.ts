/** The life of a job by `lockstep` alone: submitted, watched, read, reached. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectRoot } from '../../../shared/project-root.js';
import { type Command, startCommand } from '../../run/command.js';
import { shortSteps } from '../job.js';
import type { KubernetesCase } from '../kubernetes-case.js';
import type { Scene } from '../scene.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

export const commandLine: KubernetesCase = {
  name: 'command-line',
  title: '`lockstep submit --watch` shows what `lockstep train` shows, and ends as it does',
  compares: [shortSteps],
  async run(scene) {
    const file = join(scene.folder, 'command-line.json');
    writeFileSync(file, JSON.stringify(scene.job('movies', shortSteps)));
    const lockstep = (...words: string[]): Command =>
      startCommand(program, [...words, '--namespace', scene.namespace]);
    const watching = lockstep('submit', file, '--watch', '--json');
    await watching.committed(10);
    const logs = lockstep('logs', 'movies', '--follow', '--json');
    await reach(lockstep('port-forward', 'movies', '--json'));
    const { code, last, lines, errors } = await watching.end;
    assert.equal(code, 0, errors);
    assert.equal(last.weights_sha256, scene.expectedWeights(shortSteps));
    const steps = lines.filter(({ kind }) => kind === 'committed');
    assert.deepEqual(
      steps.map(({ committed_steps }) => committed_steps),
      Array.from({ length: shortSteps }, (_, step) => step + 1),
    );
    const read = await logs.end;
    assert.equal(read.code, 0, read.errors);
    const ofWorkers = read.lines.filter(({ source }) => /^movies-worker-/.test(String(source)));
    assert.ok(ofWorkers.some(({ line }) => /"msg":"worker started"/.test(String(line))));
    await showsPeople(scene);
    assert.equal((await lockstep('delete', 'movies', '--json').end).last.gone, true);
  },
};

/** The metrics of the coordinator, through a port of this machine. */
async function reach(forwarding: Command): Promise<void> {
  await forwarding.said('forwarding');
  const response = await fetch(String(forwarding.lines[0]?.url));
  assert.match(await response.text(), /^lockstep_\w*committed_steps/m);
  forwarding.process.kill('SIGINT');
  assert.equal((await forwarding.end).code, 0);
}

/** What a person sees of a job that has ended. */
async function showsPeople(scene: Scene): Promise<void> {
  const words = [program, 'status', 'movies', '--watch', '--namespace', scene.namespace];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  assert.match(stdout, new RegExp(`^training steps 1 to ${shortSteps} on \\d workers?$`, 'm'));
  assert.match(stdout, new RegExp(`^weights sha256 +${scene.expectedWeights(shortSteps)}$`, 'm'));
}
