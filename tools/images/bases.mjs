/** Where the base and Node's binary come from; asked for once, and only where something is built. */
import { readFileSync } from 'node:fs';
import { inRoot } from '../setup/paths.mjs';
import { StepFailedError } from '../setup/step-failed-error.mjs';
import { debootstrapped } from './debian.mjs';
import { nodeFolder } from './node-binary.mjs';

/** The default of a build argument, out of the Dockerfile, which is the only place where it stands. */
export function defaultOf(
  argument,
  dockerfile = readFileSync(inRoot('k8s/images/Dockerfile'), 'utf8'),
) {
  return new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(dockerfile)[1];
}

/**
 * @param options `base`, `node`, `debian-mirror`, `npm-registry` of the command line
 * @returns what is the same for every image, in words; and resolve(withNpm) -> `{ args, contexts }`
 */
export function openBases(options, builder, say) {
  const identity = ['base', 'node'].map((name) => options[name] ?? '');
  let debian = null;
  let node = null;
  return {
    identity,
    async resolve(withNpm) {
      debian ??= await debianOf(options, builder, say);
      node ??= await nodeImageOf(options, builder, say);
      const base = { args: { DEBIAN: debian }, contexts: {} };
      if (node !== 'npm') return { ...base, args: { ...base.args, NODE: node } };
      const folder = await nodeFolder(process.arch, withNpm, options['npm-registry']);
      return { ...base, contexts: { node: folder } };
    },
  };
}

async function debianOf(options, builder, say) {
  const wish = options.base ?? defaultOf('DEBIAN');
  if (wish !== 'debootstrap' && (await canPull(wish, builder, options.base, say))) return wish;
  return await debootstrapped(options['debian-mirror'], builder, say);
}

async function nodeImageOf(options, builder, say) {
  const wish = options.node ?? defaultOf('NODE');
  return wish !== 'npm' && (await canPull(wish, builder, options.node, say)) ? wish : 'npm';
}

/** @param asked what the user named, who then gets that or an error */
async function canPull(image, builder, asked, say) {
  if (await builder.has(image)) return true;
  try {
    await builder.pull(image);
    return true;
  } catch (error) {
    if (!(error instanceof StepFailedError) || asked !== undefined) throw error;
    say(`${image} cannot be pulled here: packages of Debian and npm take its place`);
    return false;
  }
}
