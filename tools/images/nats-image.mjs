/** NATS's image for tests, under the name that the manifests use, of the nats-server that set-up has. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { inRoot } from '../setup/paths.mjs';
import { onPath } from '../setup/prerequisites.mjs';
import { StepFailedError } from '../setup/step-failed-error.mjs';
import { readDynamic } from './elf.mjs';

const repository = 'docker.io/library/nats';

/**
 * @returns what to build; the tag is the version of the binary, as NATS's own images have it
 * @throws StepFailedError where the binary could not run in an image with nothing else
 */
export function natsImage() {
  const program = natsServer();
  const { needed } = program === null ? { needed: null } : readDynamic(program);
  if (needed === null || needed.length > 0) {
    const is = needed === null ? 'is not here' : `needs ${needed.join(', ')}`;
    throw new StepFailedError(
      `Cannot build the image of NATS: nats-server ${is}: LOCKSTEP_NATS_SERVER must name one that is linked statically`,
    );
  }
  const context = inRoot('build/images/nats');
  mkdirSync(context, { recursive: true });
  copyFileSync(program, `${context}/nats-server`);
  const file = inRoot('k8s/images/nats.Dockerfile');
  return { file, context, program, tag: `${repository}:${versionOf(program)}` };
}

function natsServer() {
  const given = process.env.LOCKSTEP_NATS_SERVER ?? '';
  if (given !== '') return given;
  const installed = inRoot('.venv/bin/nats-server');
  return existsSync(installed) ? installed : onPath('nats-server');
}

/** It says `nats-server: v2.15.1`. */
const versionOf = (program) =>
  execFileSync(program, ['--version'], { encoding: 'utf8' })
    .trim()
    .replace(/^.*\bv/, '');
