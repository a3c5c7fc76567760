import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of the permit that the process has when it is stopped. */
const leaseMilliseconds = 1000;

async function startWriter(context: TestContext, directory: string): Promise<ChildProcess> {
  const module = new URL('./stopped-process-fixture.js', import.meta.url);
  const writer = fork(module, [directory, String(leaseMilliseconds)]);
  context.after(() => {
    writer.kill('SIGKILL');
  });
  await once(writer, 'message');
  return writer;
}

// Catches: a process that is stopped for a while, takes itself for the writer when it wakes up, and
// publishes the checkpoint that it was about to, although a newer generation has gone on without it.
test('a process that was stopped publishes nothing when it wakes up', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-stopped-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const directory = join(folder, 'checkpoints');
  // It has its permit, and a checkpoint that is written but for its publication.
  const writer = await startWriter(context, directory);
  assert.equal(writer.kill('SIGSTOP'), true);
  await sleep(leaseMilliseconds + 200);
  assert.equal(
    (await readdir(directory)).every((name) => name.endsWith('.partial')),
    true,
  );
  const answer = once(writer, 'message');
  writer.send('publish');
  assert.equal(writer.kill('SIGCONT'), true);
  assert.deepEqual((await answer)[0], 'FENCED');
  assert.deepEqual(await readdir(directory), []);
});
