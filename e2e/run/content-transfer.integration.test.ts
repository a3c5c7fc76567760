/** The way of a dataset, or of weights, to a worker that cannot read the coordinator's folder. */
import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openNatsBus } from '../../bus/nats-bus.js';
import { FilesPublisher, filesOf } from '../../coordinator/plans/files-publisher.js';
import { openPretrained } from '../../pretrained/open-pretrained.js';
import { digestIfWeights, filesToSend } from '../../pretrained/weight-files.js';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import type { Bus } from '../../shared/bus.js';
import { jobId, runId } from '../../shared/ids.js';
import type { PublishedFile } from '../../shared/messages/published-file.js';
import { projectRoot } from '../../shared/project-root.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { findContent, TransferError } from '../../worker/control/content-source.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-dataset-'));
const source = join(folder, 'source');
const digest = 'ab'.repeat(32);
const run = { job: jobId('j'), run: runId('t0123456789abcdef') };
/** Longer than a message may be, so that the object store has to cut it. */
const big = Buffer.from(
  Uint32Array.from({ length: 700_000 }, (_, index) => index * 2654435761).buffer,
);

let server: LocalNatsServer;
let bus: Bus;
/** With a worker's rights, which must be enough to fetch. */
let workerBus: Bus;

before(async () => {
  mkdirSync(source);
  writeFileSync(join(source, 'digest'), digest);
  writeFileSync(join(source, 'big.i32'), big);
  server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, 'nats'),
    logFile: join(folder, 'nats.log'),
  });
  bus = await openNatsBus({ url: server.url, name: 'dataset' });
  workerBus = await openNatsBus({ url: server.workerUrl, name: 'worker' });
});
after(async () => {
  await Promise.all([bus.close(), workerBus.close()]);
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** A dataset here is a folder whose file `digest` holds its digest. */
async function digestOf(directory: string): Promise<string | null> {
  try {
    return readFileSync(join(directory, 'digest'), 'utf8');
  } catch {
    return null;
  }
}

const wanted = { directory: join(folder, 'unreadable'), digest };

/** Offers the folder for its digest. */
function publishing(of: RunAddress = run, onFile: () => void = () => undefined) {
  const publisher = new FilesPublisher({ bus, run: of, onFile });
  publisher.offer(digest, () => filesOf(source));
  const publish = async (wish: string): Promise<readonly PublishedFile[]> =>
    (await publisher.publish(wish)) ?? assert.fail(`nobody offers ${wish}`);
  return { publish, remove: () => publisher.remove() };
}

type RequestFiles = (digest: string) => Promise<readonly PublishedFile[]>;

const parts = (cache: string, requestFiles: RequestFiles) => ({
  bus: workerBus,
  run,
  digestOf,
  requestFiles,
  cacheDirectory: join(folder, cache),
});

const neverAsked = async (): Promise<readonly PublishedFile[]> =>
  assert.fail('the files were asked for');

// Would catch bytes that get lost or mixed, a second upload, and a second download.
test('a worker without the folder fetches it once and then uses its cache', async () => {
  let uploads = 0;
  const { publish } = publishing(run, () => uploads++);
  const found = await Promise.all([
    findContent(parts('one', publish), wanted),
    findContent(parts('two', publish), wanted),
  ]);
  assert.equal(uploads, 2);
  for (const directory of found) {
    assert.deepEqual(readFileSync(join(directory, 'big.i32')), big);
    assert.equal(readdirSync(join(directory, '..')).length, 1);
  }
  assert.equal(await findContent(parts('one', neverAsked), wanted), found[0]);
});

// Would catch a copy that the slower of two workers removes while the faster one reads it, and a
// partial folder that two containers share because both are pid 1.
test('of workers that fetch at once, none fails and none removes what another one has', async () => {
  const { publish } = publishing();
  const shared = parts('at-once', publish);
  const first = await findContent(shared, wanted);
  const inUse = openSync(join(first, 'big.i32'), 'r');
  const before = fstatSync(inUse).ino;
  // As if they had looked before the first one was there.
  const late = { ...shared, digestOf: lateDigestOf() };
  const found = await Promise.all([findContent(late, wanted), findContent(late, wanted)]);
  assert.deepEqual(found, [first, first]);
  assert.equal(statSync(join(first, 'big.i32')).ino, before);
  closeSync(inUse);
  assert.deepEqual(readdirSync(join(folder, 'at-once')), [digest.slice(0, 32)]);
});

/** Finds nothing in the cache until something has been fetched. */
function lateDigestOf(): typeof digestOf {
  let looks = 0;
  return async (directory) => (looks++ < 4 ? null : digestOf(directory));
}

// Would catch a damaged copy that is removed under a reader, or that stops every later run.
test('a damaged copy stays where it is, and a good one gets a name beside it', async () => {
  const { publish } = publishing();
  const cache = parts('damaged', publish);
  const first = await findContent(cache, wanted);
  writeFileSync(join(first, 'digest'), 'damaged');
  const second = await findContent(cache, wanted);
  assert.ok(second.startsWith(`${first}-`));
  assert.deepEqual(readFileSync(join(second, 'big.i32')), big);
  assert.ok(existsSync(first));
  assert.equal(await findContent({ ...cache, requestFiles: neverAsked }, wanted), second);
});

// Would catch a job that ends and takes the files from another one that trains on the same dataset.
test('the end of one run leaves the files of another one where they are', async () => {
  const [one, two] = ['t1111111111111111', 't2222222222222222'].map((id) => ({
    job: jobId('j'),
    run: runId(id),
  })) as [RunAddress, RunAddress];
  const [first, second] = [publishing(one), publishing(two)];
  await Promise.all([first.publish(digest), second.publish(digest)]);
  await first.remove();
  const found = await findContent({ ...parts('other-run', second.publish), run: two }, wanted);
  assert.deepEqual(readFileSync(join(found, 'big.i32')), big);
  await second.remove();
});

// Would catch a copy of what lies beside the worker already.
test('a readable folder with the right digest is used where it is', async () => {
  const here = { directory: source, digest };
  assert.equal(await findContent(parts('three', neverAsked), here), source);
});

// Would catch a damaged transfer that is trained on, or that stays in the cache as if it were whole.
test('what arrives with another digest is refused and leaves nothing behind', async () => {
  const files = await publishing().publish(digest);
  const changed: readonly Partial<PublishedFile>[] = [
    { sha256: 'cd'.repeat(32) },
    { bytes: 5 },
    { name: 'missing' },
  ];
  for (const change of changed) {
    const lying = async () => files.map((file) => ({ ...file, ...change }));
    await assert.rejects(findContent(parts('four', lying), wanted), TransferError);
    assert.deepEqual(readdirSync(join(folder, 'four')), []);
  }
});

// Would catch weights that arrive as files of which no model can be made, or take a dataset's place.
test('pretrained weights travel like a dataset, a folder as well as a GGUF file', async () => {
  const publisher = new FilesPublisher({ bus, run, onFile: () => undefined });
  for (const name of ['llama3-shards', 'qwen3-f16.gguf']) {
    const path = fileURLToPath(new URL(`pretrained/golden/${name}`, projectRoot));
    const weights = (await digestIfWeights(path)) ?? assert.fail(`${name} is no model`);
    publisher.offer(weights, () => filesToSend(path));
    const publish = async (wish: string): Promise<readonly PublishedFile[]> =>
      (await publisher.publish(wish)) ?? assert.fail(`nobody offers ${wish}`);
    const source = { ...parts('weights', publish), digestOf: digestIfWeights };
    const found = await findContent(source, { directory: '/nowhere', digest: weights });
    const [here, there] = await Promise.all([openPretrained(path), openPretrained(found)]);
    await Promise.all([here.source.close(), there.source.close()]);
    assert.deepEqual(there.config, here.config);
    assert.equal(there.source.tensors.length, here.source.tensors.length);
    const cached = { ...source, requestFiles: neverAsked };
    assert.equal(await findContent(cached, { directory: '/nowhere', digest: weights }), found);
  }
});
