import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataset } from '../dataset.js';
import { fileNames } from '../dataset-manifest.js';
import { importDataset } from '../import/import-dataset.js';
import { temporaryFolder, writeInput } from '../import/import-fixture.js';
import { limits } from '../limits.js';
import { fileIdentity, isSettled } from './file-identity.js';
import { VerificationRecord } from './verification-record.js';
import { verifyDataset } from './verify-dataset.js';

/** A dataset, and the folder of a machine that remembers having verified it. */
async function remembered(context: TestContext) {
  const { directory } = await importDataset(writeInput(temporaryFolder(context)));
  const records = join(temporaryFolder(context), 'verified');
  const manifest = await verifyDataset(directory);
  // As long after the import as a start that would remember; the files are a moment old.
  const later = () => Date.now() + limits.settleMs;
  const record = await VerificationRecord.open(directory, records, later);
  for (const entry of manifest.files) {
    record.passed(entry, await stat(join(directory, entry.name), { bigint: true }));
  }
  await record.save();
  return { directory, records, options: { verify: 'remembered', records } as const };
}

/** Other bytes in the file's own place, of the same length and with the old time of change. */
function changeQuietly(file: string): void {
  const { atime, mtime } = statSync(file);
  const handle = openSync(file, 'r+');
  writeSync(handle, Uint8Array.of(readFileSync(file)[0]! ^ 1), 0, 1, 0);
  closeSync(handle);
  utimesSync(file, atime, mtime);
}

const damage = { name: 'DatasetError', code: 'DAMAGED_DATASET' };

for (const name of [fileNames.itemTokens, fileNames.userIds]) {
  // Catches: trust in the manifest alone, or in size and time of change, which tools set back.
  test(`bytes of ${name} that change are seen though size and time stay`, async (context) => {
    const { directory, options } = await remembered(context);
    await openDataset(directory, options);
    await verifyDataset(directory, options);
    const file = join(directory, name);
    changeQuietly(file);
    const refusal = { ...damage, file, message: /SHA-256 is .*: dataset.json says/ };
    await assert.rejects(verifyDataset(directory, options), refusal);
    await assert.rejects(openDataset(directory, options), refusal);
  });
}

// Catches: a memory that is never used (each start hashes again), or that `full` listens to.
test('what is remembered is not read again, but always by a full verification', async (context) => {
  const { directory, records, options } = await remembered(context);
  const file = join(directory, fileNames.itemTokens);
  changeQuietly(file);
  const record = await VerificationRecord.open(directory, records, () => Number.MAX_SAFE_INTEGER);
  // What nothing but a disk that rots would do: other bytes, and not one time changed.
  const entry = (await entriesOf(directory)).find(({ name }) => name === fileNames.itemTokens)!;
  record.passed(entry, await stat(file, { bigint: true }));
  await record.save();
  await verifyDataset(directory, options);
  await assert.rejects(verifyDataset(directory), { ...damage, file });
  await assert.rejects(openDataset(directory), { ...damage, file });
});

// Catches: a record under the folder's name that vouches for a folder put in its place.
test('another folder under the name is verified anew', async (context) => {
  const { directory, options } = await remembered(context);
  renameSync(directory, `${directory}-old`);
  cpSync(`${directory}-old`, directory, { recursive: true, preserveTimestamps: true });
  changeQuietly(join(directory, fileNames.itemTokens));
  await assert.rejects(verifyDataset(directory, options), damage);
});

// Catches: a start that fails, or that trusts, because the cache is garbage or cannot be written.
test('a memory that is lost, garbage or read-only costs time alone', async (context) => {
  const { directory, records, options } = await remembered(context);
  const [name] = readdirSync(records);
  for (const garbage of ['', '{', 'null', '[1]', '{"item-tokens.i32":7}']) {
    writeFileSync(join(records, name!), garbage);
    await verifyDataset(directory, options);
  }
  writeFileSync(`${records}-file`, 'in the way');
  await verifyDataset(directory, { verify: 'remembered', records: `${records}-file` });
  mkdirSync(`${records}-locked`);
  chmodSync(`${records}-locked`, 0o555);
  await verifyDataset(directory, { verify: 'remembered', records: `${records}-locked` });
});

// Catches: bytes that change right after they were verified, within one tick of the file's clock.
test('a file that has just changed is not remembered', async (context) => {
  const { directory } = await importDataset(writeInput(temporaryFolder(context)));
  const records = join(temporaryFolder(context), 'verified');
  const file = join(directory, fileNames.itemTokens);
  const stats = await stat(file, { bigint: true });
  const changed = Number(stats.ctimeMs);
  assert.equal(isSettled(stats, changed), false);
  assert.equal(isSettled(stats, changed + limits.settleMs - 1), false);
  assert.equal(isSettled(stats, changed + limits.settleMs), true);
  await verifyDataset(directory, { verify: 'remembered', records });
  const record = await VerificationRecord.open(directory, records);
  const [entry] = (await entriesOf(directory)).filter(({ name }) => name === fileNames.itemTokens);
  const recent = Date.now() - changed < limits.settleMs;
  assert.equal(record.isVerified(entry!, stats), !recent);
});

// Catches: a number that loses its last digits on the way (an inode or nanoseconds above 2^53).
test('the identity of a file keeps all digits', () => {
  const stats = {
    dev: 1n,
    ino: 2n ** 60n + 1n,
    size: 2n ** 33n,
    mtimeNs: 10n ** 18n + 1n,
    ctimeNs: 3n,
  };
  assert.equal(
    fileIdentity(stats as Parameters<typeof fileIdentity>[0]),
    '1:1152921504606846977:8589934592:1000000000000000001:3',
  );
});

// Catches: a cache that keeps a record for every folder that was ever opened.
test('the oldest memories are forgotten', async (context) => {
  const { directory, records } = await remembered(context);
  for (let index = 0; index < limits.verifiedDatasets + 3; index++) {
    const file = join(records, `old-${index}.json`);
    writeFileSync(file, '{}');
    utimesSync(file, index, index);
  }
  const record = await VerificationRecord.open(directory, records, () => Number.MAX_SAFE_INTEGER);
  const file = join(directory, fileNames.userIds);
  record.passed({ name: 'more', sha256: 'x' }, await stat(file, { bigint: true }));
  await record.save();
  const names = readdirSync(records);
  assert.equal(names.length, limits.verifiedDatasets);
  assert.ok(!names.includes('old-0.json') && names.includes(`old-${limits.verifiedDatasets}.json`));
});

const entriesOf = async (directory: string) =>
  (
    JSON.parse(readFileSync(join(directory, 'dataset.json'), 'utf8')) as {
      files: { name: string; sha256: string; bytes: number }[];
    }
  ).files;
