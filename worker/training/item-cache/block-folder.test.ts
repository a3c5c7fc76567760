import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BlockFolder } from './block-folder.js';

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-blocks-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const [key, otherKey] = ['a'.repeat(64), 'b'.repeat(64)];
const values = Float32Array.of(1, -0, Math.PI);

async function readBack(folder: BlockFolder, block: number, length = 3) {
  const found = new Float32Array(new SharedArrayBuffer(length * 4));
  return (await folder.read(block, found)) ? [...found] : null;
}

// Would catch bits that change on their way, and a block that is taken for another.
test('a block is read as it was written, by its number and by nobody of another key', async (context) => {
  const parent = temporaryFolder(context);
  const folder = await BlockFolder.open(parent, 'items', key);
  await folder.write(3, values);
  assert.deepEqual(await readBack(await BlockFolder.open(parent, 'items', key), 3), [...values]);
  assert.equal(await readBack(folder, 4), null);
  assert.equal(await readBack(folder, 3, 2), null);
  const [name] = readdirSync(parent) as [string];
  const path = join(parent, name, 'block-00000003');
  writeFileSync(join(parent, name, 'block-00000004'), readFileSync(path));
  assert.equal(await readBack(folder, 4), null);
});

// Would catch a torn file that is trained on.
test('a damaged block is as good as none, and is written again', async (context) => {
  const parent = temporaryFolder(context);
  const folder = await BlockFolder.open(parent, 'items', key);
  await folder.write(0, values);
  const path = join(parent, readdirSync(parent)[0] as string, 'block-00000000');
  const whole = readFileSync(path);
  for (const damaged of [whole.subarray(0, -1), Buffer.concat([Buffer.of(9), whole.subarray(1)])]) {
    writeFileSync(path, damaged);
    assert.equal(await readBack(folder, 0), null);
  }
  await folder.write(0, values);
  assert.deepEqual(await readBack(folder, 0), [...values]);
});

// Would catch a disk that fills with what was made for weights that are gone.
test('blocks of other weights are removed, and nothing else', async (context) => {
  const parent = temporaryFolder(context);
  writeFileSync(join(parent, 'mine'), 'x');
  await (await BlockFolder.open(parent, 'items', key)).write(0, values);
  await BlockFolder.open(parent, 'items', otherKey);
  assert.deepEqual(readdirSync(parent).sort(), [`items-${otherKey.slice(0, 32)}`, 'mine']);
});
