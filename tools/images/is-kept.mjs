/** What of a package's folder goes into an image. */

/** Maps, typings, sources of what is compiled, texts. Licenses stay, in whatever form. */
const needless = /\.(map|d\.ts|ts|mts|cts|flow|markdown|md|tsbuildinfo|tgz|cc|h|gyp|gypi)$/i;
const license = /(^|\/)(licen[cs]e|notice|copying|third[-_]?party)[^/]*$/i;

const left = [
  // Bundles and modules for browsers: Node loads the one that package.json calls main.
  /^node_modules\/@tensorflow\/tfjs-(core|backend-[^/]+)\/(?!package\.json$|dist\/[^/]+\.node\.js$|dist\/[^/]+\.wasm$)/,
  /^node_modules\/yaml\/browser\//,
  /\.min\.js$/,
  /^node_modules\/bintrees\/test\//,
  /^node_modules\/([^/]+|@[^/]+\/[^/]+)\/(tests?|benchmarks?|examples?|docs|coverage|\.github)\//,
  /(^|\/)dist-types\//,
];

/** @param path from the project's root, with slashes. */
export const isKept = (path) =>
  license.test(path) || (!needless.test(path) && !left.some((rule) => rule.test(path)));

/** Whether anything of a package can be loaded; types alone cannot. */
export const isProgram = (paths) => paths.some((path) => /\.(c?js|mjs|node|wasm)$/.test(path));
