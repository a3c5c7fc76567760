/**
 * Module resolution under which tfjs-core's published tests run here. They are ECMAScript modules in
 * a CommonJS package, with imports that name no extension, and they reach into tfjs-core's files;
 * so every import of tfjs-core, ours included, is led to those files: there is one tfjs-core.
 */
import { existsSync } from 'node:fs';
import type { ResolveFnOutput, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';

const packageFolder = new URL(
  'node_modules/@tensorflow/tfjs-core/',
  new URL('../../../../../', import.meta.url),
);
const files = new URL('dist/', packageFolder).href;

/** The named exports that tfjs-core expects of a package in which Node cannot see them. */
const seedrandom = new URL('./seedrandom.js', import.meta.url).href;

export const resolve: ResolveHook = async (specifier, context, next) => {
  if (specifier === '@tensorflow/tfjs-core') return found(`${files}index.js`);
  if (specifier === 'seedrandom' && context.parentURL?.startsWith(files)) return found(seedrandom);
  const isInside = context.parentURL?.startsWith(files) === true && specifier.startsWith('.');
  const url = isInside ? new URL(specifier, context.parentURL).href : specifier;
  if (!url.startsWith(files)) return next(specifier, context);
  const candidates = [url, `${url}.js`, `${url}/index.js`];
  return found(candidates.find((each) => isFile(each)) ?? url);
};

const found = (url: string): ResolveFnOutput => ({ url, format: 'module', shortCircuit: true });

const isFile = (url: string): boolean => url.endsWith('.js') && existsSync(fileURLToPath(url));
