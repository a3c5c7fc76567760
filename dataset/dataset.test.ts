import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureDataset } from './built-in/built-in-datasets.js';
import { openDataset } from './dataset.js';
import { DatasetError } from './dataset-error.js';
import {
  contentDigest,
  type DatasetManifest,
  fileNames,
  textFileNames,
} from './dataset-manifest.js';
import { importDataset } from './import/import-dataset.js';
import { temporaryFolder, writeInput } from './import/import-fixture.js';

async function makeDataset(context: TestContext): Promise<string> {
  return (await importDataset(writeInput(temporaryFolder(context)))).directory;
}

function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(file, bytes);
}

async function refused(directory: string, file: string, rule: RegExp): Promise<void> {
  await assert.rejects(openDataset(directory), (error) => {
    assert.ok(error instanceof DatasetError, String(error));
    assert.equal(error.code, 'DAMAGED_DATASET');
    assert.equal(error.file, join(directory, file));
    assert.match(error.message, rule);
    return true;
  });
}

for (const name of Object.values(fileNames)) {
  test(`one changed bit of ${name}, one byte more or less, or no file: refused by name`, async (context) => {
    // Catches a file that is not covered by the check.
    const good = await makeDataset(context);
    const damages: readonly (readonly [(file: string) => void, RegExp])[] = [
      [(file) => flipByte(file, 0), /SHA-256|value 0/],
      [(file) => appendFileSync(file, 'x'), /it has \d+ bytes: it should have \d+/],
      [(file) => truncateSync(file, 1), /it has 1 bytes: it should have \d+/],
      [(file) => rmSync(file), /it cannot be opened/],
    ];
    for (const [index, [damage, rule]] of damages.entries()) {
      const copy = `${good}-${index}`;
      cpSync(good, copy, { recursive: true });
      damage(join(copy, name));
      await refused(copy, name, rule);
    }
  });
}

test('a folder may move and is still the same dataset', async (context) => {
  const directory = await makeDataset(context);
  const { digest } = await openDataset(directory);
  renameSync(directory, `${directory}-moved`);
  assert.equal((await openDataset(`${directory}-moved`)).digest, digest);
});

test('numbers out of range are refused in files that have the digests of their manifest', async (context) => {
  // Catches trust in offsets: a bad one would read another item's text.
  const directory = await makeDataset(context);
  const broken: readonly (readonly [string, Int32Array | Uint32Array, RegExp])[] = [
    [fileNames.sequenceItems, Int32Array.of(0, 1, 2, 0, 1, 3), /value 5 is 3: there are 3 items/],
    [fileNames.sequenceItems, Int32Array.of(-1, 1, 2, 0, 1, 2), /value 0 is -1/],
    [fileNames.sequenceOffsets, Uint32Array.of(0, 7, 6), /value 2 is 6: it should be at least 8/],
    [fileNames.sequenceOffsets, Uint32Array.of(0, 3, 7), /its last value is 7: it should be 6/],
    [fileNames.sequenceOffsets, Uint32Array.of(1, 3, 6), /value 0 is 1: it should be 0/],
  ];
  for (const [name, values, rule] of broken) {
    const file = join(directory, name);
    const good = readFileSync(file);
    writeFileSync(file, new Uint8Array(values.buffer));
    signAgain(directory, name);
    await refused(directory, name, rule);
    writeFileSync(file, good);
    signAgain(directory, name);
  }
});

/** Makes the manifest agree with a file as it is. */
function signAgain(directory: string, name: string): void {
  const path = join(directory, 'dataset.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as DatasetManifest;
  const sha256 = createHash('sha256')
    .update(readFileSync(join(directory, name)))
    .digest('hex');
  const files = manifest.files.map((file) => (file.name === name ? { ...file, sha256 } : file));
  const digest = contentDigest(manifest.counts, files);
  writeFileSync(path, JSON.stringify({ ...manifest, files, digest }));
}

const manifestDamages: readonly (readonly [
  string,
  (manifest: Record<string, unknown> & { counts: Record<string, unknown> }) => unknown,
  RegExp,
])[] = [
  ['another version', (manifest) => ({ ...manifest, formatVersion: 2 }), /format version is 2/],
  ['no counts', ({ counts: _, ...manifest }) => manifest, /counts/],
  ['a negative count', (m) => ({ ...m, counts: { ...m.counts, users: -1 } }), /counts\.users/],
  ['an unknown key', (manifest) => ({ ...manifest, extra: 1 }), /extra/],
  ['a wrong digest', (m) => ({ ...m, digest: '0'.repeat(64) }), /its digest is 0000/],
  ['another count', (m) => ({ ...m, counts: { ...m.counts, users: 1 } }), /its digest is/],
  ['a file less', (m) => ({ ...m, files: (m.files as []).slice(1) }), /should be listed once/],
  ['null', () => null, /the document/],
];

for (const [name, change, rule] of manifestDamages) {
  test(`a manifest with ${name} is refused with the rule`, async (context) => {
    const directory = await makeDataset(context);
    const file = join(directory, 'dataset.json');
    writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
    await refused(directory, 'dataset.json', rule);
  });
}

test('a manifest that lists sizes against its own counts is refused', async (context) => {
  // Catches an array that is shorter than what later code indexes, in a folder that is consistent.
  const directory = await makeDataset(context);
  const file = join(directory, 'dataset.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as DatasetManifest;
  const counts = { ...manifest.counts, users: 3 };
  const digest = contentDigest(counts, manifest.files);
  writeFileSync(file, JSON.stringify({ ...manifest, counts, digest }));
  await refused(directory, fileNames.sequenceOffsets, /lists 12 bytes: its counts ask for 16/);
});

test('a dataset that cannot be read is said to be unreadable, not missing', async (context) => {
  // Catches "it should be a folder that `lockstep data` has made" about one that was made, and may only
  // be read by its owner. A link to itself fails for everyone, where permissions let root pass.
  const directory = await makeDataset(context);
  rmSync(join(directory, 'dataset.json'));
  symlinkSync('dataset.json', join(directory, 'dataset.json'));
  for (const open of [openDataset(directory), ensureDataset(directory, '/nowhere')]) {
    await assert.rejects(open, { code: 'UNREADABLE_FILE', message: /this user may read/ });
  }
});

test('a manifest lists all files of the texts for people, or none', async (context) => {
  // Catches an older dataset that no longer opens, and half of the texts.
  const directory = await makeDataset(context);
  const file = join(directory, 'dataset.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as DatasetManifest;
  const without = (names: readonly string[]) => {
    const files = manifest.files.filter(({ name }) => !names.includes(name));
    writeFileSync(file, JSON.stringify({ ...manifest, files }));
  };
  without([textFileNames.itemTexts]);
  await refused(directory, 'dataset.json', /should all be listed once, or none/);
  without(Object.values(textFileNames));
  assert.equal((await openDataset(directory)).digest, manifest.digest);
});

test('a manifest that is no JSON, and a folder without one, are told apart', async (context) => {
  const directory = await makeDataset(context);
  writeFileSync(join(directory, 'dataset.json'), '{');
  await refused(directory, 'dataset.json', /it is not JSON/);
  await assert.rejects(openDataset(join(directory, 'none')), { code: 'NOT_A_DATASET' });
});
