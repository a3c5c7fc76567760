#!/usr/bin/env node
/**
 * Builds the images into archives under build/images (docs/images.md).
 *
 *   node tools/images.mjs [IMAGE ...] [options]
 *
 * IMAGE is coordinator, worker, worker-cuda or nats; without any, all but worker-cuda. Options:
 *   --only code            nothing but the layer of the project's own code, in archives that are there
 *   --tag TAG              of Lockstep's images; default: the version in package.json
 *   --output FOLDER        where the archives go; default: build/images
 *   --load WHERE           load them too: docker, podman, kind, minikube, containerd, k3s
 *   --json                 a line of JSON for each image
 *   --builder NAME         docker or buildah; default: the one that is here
 *   --from NAME            checkout: what set-up has made here; inside: made in the build
 *   --base IMAGE           of Debian; `debootstrap` makes one where none can be pulled
 *   --node IMAGE           with Node's binary; `npm` takes it from npm where none can be pulled
 *   --debian-mirror URL, --npm-registry URL, --pypi-index URL
 *   --certificates FILE    PEM of the authorities that builds inside must trust
 *
 * Exit codes: 0 built, 1 a step failed, 2 wrong usage, 3 something must be installed first.
 */
import { buildImages } from './images/build-images.mjs';
import { readOptions } from './images/options.mjs';
import { StepFailedError } from './setup/step-failed-error.mjs';

async function main(words) {
  let options;
  try {
    options = readOptions(words);
  } catch (error) {
    console.error(`Cannot build images: ${error.message}`);
    return 2;
  }
  return await buildImages(options);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StepFailedError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
