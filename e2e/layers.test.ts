/**
 * Who may import whom. The table is the architecture: a new arrow is a decision, made here in sight
 * of everyone, not a line among the imports of some file.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { test } from 'node:test';
import { projectRoot } from '../shared/project-root.js';
import { type Import, readImports, sourceFiles } from './source-imports.js';

/** Top folder -> the other top folders that it may import. */
const layers: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  bus: ['shared'],
  // Datasets, checkpoints and transfers are large files with digests: one way to read and write them.
  storage: ['shared'],
  // Files of pretrained models: the command line says what they are and takes a job's shapes from them,
  // the dataset takes a tokenizer, the coordinator sends them, and a worker reads its weights.
  pretrained: ['shared', 'storage'],
  // Its temporary names tell which process they belong to.
  dataset: ['shared', 'storage', 'process', 'pretrained'],
  process: ['shared', 'storage'],
  coordinator: ['shared', 'bus', 'storage', 'dataset', 'process', 'pretrained'],
  worker: ['shared', 'bus', 'storage', 'dataset', 'process', 'pretrained'],
  // It starts the coordinator and the workers as processes and calls nothing of them. Of a bus it asks,
  // before it writes anything, whether the name of a job is free.
  cli: ['shared', 'bus', 'storage', 'dataset', 'process', 'pretrained'],
  // The control plane in virtual time: it puts both sides together, which no other folder may, and
  // replaces all that they stand on. Of the bus it takes the contract, which holds for its own one too.
  simulation: ['shared', 'bus', 'coordinator', 'worker'],
  // What carries jobs on Kubernetes: it starts the same processes as pods and calls nothing of them.
  k8s: ['shared', 'bus', 'process'],
};

/**
 * Rooms of a folder that others may enter, though the folder as a whole is closed to them. Who asks a
 * trained model does so in the command's own process: there is no run to supervise. Who asks a cluster
 * asks its API server for the same objects as the controller does. Finished runs are shown by the same pages.
 */
const doors: Readonly<Record<string, readonly string[]>> = {
  cli: [
    'worker/inference/',
    'coordinator/dashboard/',
    'k8s/api/',
    'k8s/objects/',
    'k8s/crd/',
    'k8s/names.ts',
  ],
};

/** About the whole: these may import any folder, and any package of package.json. */
const aboutTheWhole = ['e2e', 'bench', 'fuzz'];

/** Package -> where its importers lie. */
const packages: Readonly<Record<string, readonly string[]>> = {
  // Loaded where a run's checkpoints are in a bucket, and only then.
  '@aws-sdk/client-s3': ['storage/s3/'],
  '@huggingface/tokenizers': ['dataset/'],
  '@kubernetes/client-node': ['cli/kubernetes/', 'k8s/api/cluster-access.ts'],
  // Loaded where a job tells a collector, and only then.
  '@opentelemetry/api': ['process/exporters/otlp/'],
  '@opentelemetry/exporter-metrics-otlp-http': ['process/exporters/otlp/'],
  '@opentelemetry/exporter-trace-otlp-http': ['process/exporters/otlp/'],
  '@opentelemetry/resources': ['process/exporters/otlp/'],
  '@opentelemetry/sdk-metrics': ['process/exporters/otlp/'],
  '@opentelemetry/sdk-trace': ['process/exporters/otlp/'],
  '@tensorflow/tfjs-backend-cpu': ['worker/engine/cpu/'],
  '@tensorflow/tfjs-backend-wasm': ['worker/engine/wasm/'],
  '@tensorflow/tfjs-core': [
    'worker/engine/',
    'worker/evaluation/',
    'worker/inference/',
    'worker/model/',
  ],
  fzstd: ['dataset/tables/'],
  hyparquet: ['dataset/tables/formats/parquet-table.ts'],
  'hyparquet-writer': ['worker/inference/export/parquet-pieces.ts'],
  msgpackr: ['shared/messages/codec.ts'],
  nats: ['bus/'],
  pino: ['process/logs/open-log.ts'],
  'prom-client': [
    'coordinator/metrics.ts',
    'k8s/controller/controller-metrics.ts',
    'process/metrics/',
    'worker/metrics.ts',
  ],
  ws: ['worker/collective/'],
  uplot: ['coordinator/dashboard/charts/'],
  yaml: ['shared/job-spec', 'k8s/crd/definition-file.ts'],
  zod: [
    'shared/',
    'dataset/dataset-manifest.ts',
    'k8s/crd/',
    'process/exporters/',
    'worker/checkpoint/',
    'worker/training/held/state-header.ts',
    'worker/collective/transfer/',
  ],
};

/** What tests may have besides, wherever they lie. */
const packagesOfTests = ['fast-check', 'hyparquet-writer'];

/** All that the pure layer may have of Node: nothing that reads, waits or connects. */
const builtInsOfShared = ['node:crypto'];

const isTest = (file: string) => /\.(test|contract|bench)\.ts$|-(cases|fixture)\.ts$/.test(file);

const folderOf = (file: string) => file.split('/')[0] as string;
const isWithin = (file: string, places: readonly string[]) =>
  places.some((place) => file.startsWith(place));

const files = sourceFiles([...Object.keys(layers), ...aboutTheWhole]);
const imports = readImports(files);
const layered = imports.filter(({ file }) => !aboutTheWhole.includes(folderOf(file)));
const programs = layered.filter(({ file }) => !isTest(file));

/** Empty where none is wrong; else the lines to open. */
const wrong = (among: readonly Import[], isWrong: (found: Import) => boolean): string[] =>
  among.filter(isWrong).map(({ file, line, name }) => `${file}:${line} imports ${name}`);

function isForbiddenFolder({ file, target }: Import, besides: readonly string[] = []): boolean {
  const from = folderOf(file);
  const to = target === null ? from : folderOf(target);
  if (target !== null && isWithin(target, doors[from] ?? [])) return false;
  return to !== from && ![...(layers[from] ?? []), ...besides].includes(to);
}

// Would catch: a new folder that no rule below looks at.
test('the table has every folder that is compiled', () => {
  const config = JSON.parse(readFileSync(new URL('tsconfig.json', projectRoot), 'utf8'));
  const named = [...Object.keys(layers), ...aboutTheWhole].sort();
  assert.deepEqual(named, [...config.include].sort());
  const withSources = readdirSync(projectRoot, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() && !/^\.|^(node_modules|dist|build|data|runs)$/.test(entry.name),
    )
    .map(({ name }) => name)
    .filter((name) => sourceFiles([name]).length > 0);
  assert.deepEqual(withSources.sort(), named);
});

// Would catch: a reader of imports that finds none, for which everything below would be in order.
test('every own import names a source file', () => {
  assert.ok(imports.length > files.length);
  const known = new Set(files);
  assert.deepEqual(
    wrong(imports, ({ target }) => target !== null && !known.has(target)),
    [],
  );
});

// Would catch: the coordinator calling the worker's code instead of sending it a message.
test('a folder imports only the folders that the table gives it', () => {
  assert.deepEqual(
    wrong(programs, (found) => isForbiddenFolder(found)),
    [],
  );
});

// Would catch: a test that needs two sides at once and so belongs into e2e.
test("a test keeps to its folder's layer; it may start a nats-server", () => {
  const tests = layered.filter(({ file }) => isTest(file));
  assert.deepEqual(
    wrong(tests, (found) => isForbiddenFolder(found, ['process'])),
    [],
  );
});

// Would catch: the product depending on its tests' cases, and through them on fast-check.
test('programs import no test, nor what only tests need', () => {
  assert.deepEqual(
    wrong(programs, ({ target }) => target !== null && isTest(target)),
    [],
  );
});

// Would catch: nats in the worker, ws in the coordinator, an engine in the dataset, a package nobody decided on.
test('a package is imported only where the table says', () => {
  const isForbidden = ({ file, packageName }: Import) =>
    packageName !== null && !isWithin(file, packages[packageName] ?? []);
  assert.deepEqual(wrong(programs, isForbidden), []);
  const tests = layered.filter(({ file }) => isTest(file));
  assert.deepEqual(
    wrong(
      tests,
      (found) => !packagesOfTests.includes(found.packageName ?? '') && isForbidden(found),
    ),
    [],
  );
});

// Would catch: a place that has lost its reason and would let the package back in unseen.
test('every place in the table of packages is used', () => {
  const unused = Object.entries(packages).flatMap(([name, places]) =>
    places
      .filter(
        (place) =>
          !programs.some((found) => found.packageName === name && found.file.startsWith(place)),
      )
      .map((place) => `${name} in ${place}`),
  );
  assert.deepEqual(unused, []);
});

// Would catch: an import that works only because npm put another package's dependency within reach.
test('every imported package is in package.json, and what programs import is a dependency', () => {
  const manifest = JSON.parse(readFileSync(new URL('package.json', projectRoot), 'utf8'));
  const { dependencies, devDependencies } = manifest;
  assert.deepEqual(
    wrong(programs, ({ packageName }) => packageName !== null && !(packageName in dependencies)),
    [],
  );
  const all = { ...dependencies, ...devDependencies };
  assert.deepEqual(
    wrong(imports, ({ packageName }) => packageName !== null && !(packageName in all)),
    [],
  );
});

// Would catch: a file, a clock or a socket in the layer that is tested without any.
test('shared has nothing of Node but hashes', () => {
  assert.deepEqual(
    wrong(
      programs,
      ({ file, name }) =>
        folderOf(file) === 'shared' && isBuiltin(name) && !builtInsOfShared.includes(name),
    ),
    [],
  );
});

// Would catch: two names for one module, of which a search finds half the users.
test("Node's modules go by their node: names", () => {
  assert.deepEqual(
    wrong(imports, ({ name }) => isBuiltin(name) && !name.startsWith('node:')),
    [],
  );
});

// Would catch: an interface that opens its implementations, so that neither is understood alone.
test('no files import each other in a circle', () => {
  const importsOfFile = new Map<string, string[]>();
  for (const { file, target } of imports) {
    if (target !== null) importsOfFile.set(file, [...(importsOfFile.get(file) ?? []), target]);
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (file: string, path: readonly string[]): void => {
    const seenAt = path.indexOf(file);
    if (seenAt >= 0) circles.push([...path.slice(seenAt), file].join(' -> '));
    if (seenAt >= 0 || done.has(file)) return;
    for (const target of importsOfFile.get(file) ?? []) follow(target, [...path, file]);
    done.add(file);
  };
  for (const file of importsOfFile.keys()) follow(file, []);
  assert.deepEqual(circles, []);
});
