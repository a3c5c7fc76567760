import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  freeBytes,
  requireRoom,
  StorageError,
  sizeText,
  storing,
  storingSync,
} from './storage-error.js';

const failing = (code: string) => async () => {
  throw Object.assign(new Error(`${code}: no words on the file, write`), {
    code,
    syscall: 'write',
  });
};

// Catches: `ENOSPC: no space left on device, write`, which names neither file nor work nor room.
test('a full disk is told with the file, the work and the room that is left', async () => {
  const free = async () => 3 * 1024 ** 2 + 100;
  await assert.rejects(storing('the weights', '/run/model', failing('ENOSPC'), free), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.code, 'DISK_FULL');
    assert.equal(error.path, '/run/model');
    assert.equal(
      error.message,
      'Cannot write the weights to /run/model: the disk is full (ENOSPC, 3.0 MiB are free)',
    );
    return true;
  });
});

// Catches: a quota that is no full disk, or a disk without numbers that hides the cause.
test('a quota is a full disk, and nobody needs to know the room', async () => {
  await assert.rejects(
    storing('it', '/x', failing('EDQUOT'), async () => null),
    {
      code: 'DISK_FULL',
      message: 'Cannot write it to /x: the disk is full (EDQUOT)',
    },
  );
});

// Catches: small files, which are written without waiting, that name no disk.
test('work that does not wait is told alike', () => {
  const refuse = () => {
    throw Object.assign(new Error('x'), { code: 'ENOSPC', syscall: 'write' });
  };
  assert.throws(() => storingSync('it', tmpdir(), refuse), {
    code: 'DISK_FULL',
    message: /^Cannot write it to .*: the disk is full \(ENOSPC, .* are free\)$/,
  });
});

// Catches: advice to make room where the right to write, or a descriptor, is missing.
test('what else the system refuses keeps its own words', async () => {
  await assert.rejects(
    storing('it', '/x', failing('EMFILE'), async () => 5),
    {
      code: 'STORAGE',
      message: 'Cannot write it to /x: EMFILE: no words on the file, write',
    },
  );
});

// Catches: a defect of the program that is told as one of the disk.
test('errors that are not of the system pass', async () => {
  const defect = new TypeError('not a file');
  await assert.rejects(
    storing('it', '/x', () => Promise.reject(defect)),
    (error) => error === defect,
  );
});

// Catches: hours of training towards a checkpoint that no disk can hold.
test('what has no room is refused before it is begun', async () => {
  const free = async () => 2 ** 20;
  await requireRoom('it', '/x', 2 ** 20, free);
  await requireRoom('it', '/x', 2 ** 40, async () => null);
  await assert.rejects(requireRoom('the weights', '/x', 3 * 2 ** 30, free), {
    code: 'DISK_FULL',
    message: 'Cannot write the weights to /x: 3.0 GiB are needed: 1.0 MiB are free on its disk',
  });
});

// Catches: statfs of a file that was never made, for which there would be no number.
test('the room is that of the nearest folder that exists', async () => {
  const free = await freeBytes(join(tmpdir(), 'none', 'such', 'file'));
  assert.ok(free !== null && free > 0);
});

// Catches: a word for the wrong unit at its edge.
test('sizes are told in the unit that suits them', () => {
  const texts = [0, 1023, 1024, 1536 * 1024, 5 * 1024 ** 3, 2 ** 60].map(sizeText);
  assert.deepEqual(texts, [
    '0 bytes',
    '1023 bytes',
    '1.0 KiB',
    '1.5 MiB',
    '5.0 GiB',
    '1048576.0 TiB',
  ]);
});

// Catches: words that fit thrown errors only, and not what a full device really says.
test('a device without room is a full disk', async (context) => {
  const device = await open('/dev/full', 'w').catch(() => null);
  if (device === null) return context.skip('no /dev/full here');
  context.after(() => device.close());
  await assert.rejects(
    storing('it', '/dev/full', () => device.writeFile('x')),
    { code: 'DISK_FULL' },
  );
});
