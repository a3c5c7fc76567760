/** One run of `npm run images`: image after image, then what they weigh. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { runLogged } from '../setup/command.mjs';
import { imagesLock, lockSetup } from '../setup/lock.mjs';
import { inRoot, root } from '../setup/paths.mjs';
import { digest, hasStamp, removeStamp, writeStamp } from '../setup/stamp.mjs';
import { StepFailedError } from '../setup/step-failed-error.mjs';
import { installedTorch, wantedTorch } from '../setup/torch-build.mjs';
import { readArchive, replaceTopLayer, tidyArchive } from './archive.mjs';
import { openBases } from './bases.mjs';
import { builders, openBuilder } from './builder.mjs';
import { codeLayer } from './code-layer.mjs';
import { images } from './components.mjs';
import { decideBuilder, decideSource } from './decide.mjs';
import { layOut, planOf } from './lay-out.mjs';
import { loaders } from './load.mjs';
import { natsImage } from './nats-image.mjs';
import { report, tooLarge } from './report.mjs';
import { unchangingDigest } from './unchanging.mjs';

const dockerfile = inRoot('k8s/images/Dockerfile');

/** @param options of options.mjs; @returns the exit code */
export async function buildImages(options) {
  const say = options.json ? () => {} : (line) => console.log(`images: ${line}`);
  const has = await builders();
  const chosen = decideBuilder(options.builder, has);
  if (chosen.builder === null) {
    console.error(`Cannot build images: ${chosen.reason}`);
    return 3;
  }
  const builder = await openBuilder(chosen.builder);
  const work = {
    options,
    say,
    builder,
    system: { ...systemOf(), contexts: chosen.builder !== 'docker' || has.buildx },
    bases: openBases(options, builder, say),
    setUp: onlyOnce(() =>
      runLogged('images-setup', [process.execPath, 'tools/setup.mjs', '--quiet']),
    ),
    output: resolve(options.output ?? inRoot('build/images')),
    manifest: JSON.parse(readFileSync(inRoot('package.json'), 'utf8')),
  };
  mkdirSync(work.output, { recursive: true });
  // Tests that want images build them at the same time.
  const unlock = await lockSetup(say, imagesLock);
  try {
    return await buildAll(work);
  } finally {
    unlock();
  }
}

async function buildAll(work) {
  const { options } = work;
  const problems = [];
  for (const image of options.images) {
    const startedAt = performance.now();
    const { archive, how } = image === 'nats' ? await buildNats(work) : await build(image, work);
    const built = { image, archive, how, seconds: (performance.now() - startedAt) / 1000 };
    const line = report(built, readArchive(archive), options.json);
    console.log(line);
    if (options.load !== undefined) await runLogged('images-load', loaders[options.load](archive));
    problems.push(tooLarge(built, readArchive(archive), images[image]?.mostBytes));
  }
  const found = problems.filter((problem) => problem !== null);
  for (const problem of found) console.error(problem);
  return found.length === 0 ? 0 : 1;
}

const systemOf = () => ({
  platform: process.platform,
  codename: existsSync('/etc/os-release')
    ? (/^VERSION_CODENAME=(\S+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? null)
    : null,
});

/** Not where all is made inside the build: that is for machines that cannot be set up. */
function onlyOnce(action) {
  let done = null;
  return () => {
    done ??= action();
    return done;
  };
}

async function buildNats({ builder, output, setUp }) {
  await setUp();
  const what = natsImage();
  const archive = `${output}/nats.tar`;
  const stamp = stampOf('nats');
  const key = digest([
    archive,
    what.tag,
    ...[what.program, what.file].map((file) => readFileSync(file)),
  ]);
  if (existsSync(archive) && hasStamp(stamp, key)) return { archive, how: 'as it was' };
  removeStamp(stamp);
  await builder.build(what);
  await save(builder, what.tag, archive);
  writeStamp(stamp, key);
  return { archive, how: 'built' };
}

const stampOf = (image) => inRoot(`build/images/stamps/${image}`);

async function save(builder, name, archive) {
  const raw = `${archive}.raw`;
  // buildah adds to what is there.
  rmSync(raw, { force: true });
  await builder.save(name, raw);
  tidyArchive(raw, archive);
}

async function build(image, work) {
  const { options, system, manifest, output } = work;
  const { source, reason } = decideSource(options.from, image, system, torchHere());
  if (source === null || (source === 'inside' && options.only === 'code')) {
    throw new StepFailedError(`Cannot build ${image} out of the checkout: ${reason}`);
  }
  const name = `localhost/lockstep-${image}:${options.tag ?? manifest.version}`;
  const archive = `${output}/lockstep-${image}.tar`;
  const args = { VERSION: manifest.version, REVISION: revision() };
  const target = { image, name, archive, args };
  if (source === 'checkout') return await buildOfCheckout(target, work);
  work.say(`${image} is set up inside the build (${reason}): that takes some minutes`);
  return await buildInside(target, work);
}

/** What set-up has, or would bring. */
function torchHere() {
  const installed = installedTorch();
  return installed === 'absent' ? wantedTorch() : installed;
}

async function buildInside({ image, name, archive, args }, { options, builder, bases }) {
  const { args: baseArgs, contexts } = await bases.resolve(true);
  await builder.build({
    file: dockerfile,
    context: root,
    tag: name,
    target: image,
    args: {
      ...baseArgs,
      ...args,
      DEBIAN_MIRROR: options['debian-mirror'],
      npm_config_registry: options['npm-registry'],
      PIP_INDEX_URL: options['pypi-index'],
    },
    contexts,
    secrets: { certificates: options.certificates },
  });
  await save(builder, name, archive);
  return { archive, how: 'built inside' };
}

async function buildOfCheckout({ image, name, archive, args }, { options, builder, bases, setUp }) {
  await setUp();
  const plan = planOf(images[image].component);
  const laid = inRoot(`build/images/laid/${image}`);
  layOut(laid, plan, ['code']);
  const layer = codeLayer(`${laid}/code`);
  const stamp = stampOf(image);
  const key = unchangingDigest(plan, [...bases.identity, archive]);
  const edit = ({ config }) => {
    config.Labels['org.opencontainers.image.version'] = args.VERSION;
    config.Labels['org.opencontainers.image.revision'] = args.REVISION;
  };
  if (existsSync(archive) && hasStamp(stamp, key)) {
    const how = replaceTopLayer(archive, layer, name, edit) ? 'new code' : 'as it was';
    return { archive, how };
  }
  if (options.only === 'code') {
    throw new StepFailedError(
      `Cannot build the code of ${image} alone: more than that is new, or ${archive} is not there: run: npm run images`,
    );
  }
  removeStamp(stamp);
  layOut(laid, plan, ['libraries', 'packages']);
  const { args: baseArgs, contexts } = await bases.resolve(false);
  await builder.build({
    file: dockerfile,
    context: root,
    tag: name,
    target: image,
    args: { ...baseArgs, ...args },
    contexts: { ...contexts, [`laid-${image}`]: laid },
  });
  await save(builder, name, archive);
  await builder.prune();
  replaceTopLayer(archive, layer, name, edit);
  writeStamp(stamp, key);
  return { archive, how: 'built' };
}

function revision() {
  const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', 'HEAD')}${changed ? '-changed' : ''}`;
  } catch {
    // Sources without a repository.
    return 'unknown';
  }
}
