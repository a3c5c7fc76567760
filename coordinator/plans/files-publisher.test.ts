import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Bus, BusAwayError } from '../../shared/bus.js';
import { MemoryHub } from '../../shared/bus-memory.js';
import { jobId, runId } from '../../shared/ids.js';
import { FilesPublisher, filesOf } from './files-publisher.js';

const run = { job: jobId('test'), run: runId('t0123456789abcdef') };

// Would catch a server that elects a leader for a moment, and with it every worker that asks for the
// files from then on: the first failure would be the answer to all of them.
test('files that could not be published are published when they are asked for again', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-files-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'items'), 'abc');
  const memory = new MemoryHub().open();
  let opened = 0;
  const bus = {
    openObjects: (bucket: string) =>
      opened++ === 0 ? Promise.reject(new BusAwayError('electing')) : memory.openObjects(bucket),
  } as Partial<Bus> as Bus;
  const publisher = new FilesPublisher({ bus, run, onFile: () => undefined });
  publisher.offer('digest', () => filesOf(folder));
  assert.equal(publisher.publish('another'), null);
  await assert.rejects(async () => publisher.publish('digest'), BusAwayError);
  const files = await publisher.publish('digest');
  assert.deepEqual(
    files?.map(({ name, bytes }) => [name, bytes]),
    [['items', 3]],
  );
  assert.equal(await publisher.publish('digest'), files);
  assert.equal(opened, 2);
});
