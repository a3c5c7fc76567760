/** What of a package or of dist/ is needed when it runs. */

/** Maps, typings, sources of what is compiled, texts. Licenses stay. */
const needless = /\.(map|ts|mts|cts|flow|md|markdown|tsbuildinfo)$/i;

const left = [
  // The same as what Node loads, for browsers.
  /^node_modules\/@tensorflow\/[^/]+\/dist\/tf-(?!.*\.node\.js$)/,
  /^node_modules\/yaml\/browser\//,
  /\.min\.js$/,
  // A backend is one file and its WebAssembly; of tfjs-core the tests need all files.
  /^node_modules\/@tensorflow\/tfjs-backend-[^/]+\/(?!package\.json$|dist\/[^/]+\.node\.js$|dist\/[^/]+\.wasm$)/,
  // Sources and tests of compiled packages.
  /^node_modules\/zod\/src\//,
  /^node_modules\/bintrees\/test\//,
  // Unit tests say the same on every machine.
  /^dist\/(?!.*\.integration\.test\.js$).*\.test\.js$/,
];

/** @param path from the project's root, with slashes. */
export const isKept = (path) => !needless.test(path) && !left.some((rule) => rule.test(path));
