/** The words of `npm run images`. */
import { parseArgs } from 'node:util';
import { loaders } from './load.mjs';

/** Every image, in the order in which they are built. */
export const imageNames = ['coordinator', 'worker', 'worker-cuda', 'nats'];
const usual = ['coordinator', 'worker', 'nats'];

const text = { type: 'string' };
const options = {
  only: text,
  tag: text,
  output: text,
  from: text,
  builder: text,
  base: text,
  node: text,
  'debian-mirror': text,
  'npm-registry': text,
  'pypi-index': text,
  certificates: text,
  load: text,
  json: { type: 'boolean' },
};

const choices = {
  only: ['code'],
  from: ['checkout', 'inside'],
  builder: ['docker', 'buildah'],
  load: Object.keys(loaders),
};

/** @returns the values; @throws Error that says which word is wrong and what it must be */
export function readOptions(words) {
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
  for (const [name, allowed] of Object.entries(choices)) {
    const value = values[name];
    if (value !== undefined && !allowed.includes(value)) {
      throw new Error(
        `--${name} must be one of ${allowed.join(', ')}: current value is "${value}"`,
      );
    }
  }
  const unknown = positionals.find((name) => !imageNames.includes(name));
  if (unknown !== undefined) {
    throw new Error(`there is no image "${unknown}": it must be one of ${imageNames.join(', ')}`);
  }
  // What a registry takes: a tag that Kubernetes could never pull would be found out late.
  if (values.tag !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(values.tag)) {
    throw new Error(
      `--tag must have 1 to 128 letters, digits, dots, dashes and underscores, beginning with a letter, a digit or _: current value is "${values.tag}"`,
    );
  }
  const images = imageNames.filter((name) =>
    (positionals.length === 0 ? usual : positionals).includes(name),
  );
  return { images, ...values };
}
