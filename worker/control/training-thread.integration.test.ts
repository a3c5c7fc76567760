import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generation } from '../../shared/ids.js';
import type { TrainingStart } from '../training/messages.js';
import { startTrainingThread, type TrainingThread } from './training-thread.js';

/** A thread that says `opened` and then does what `body` says. */
function start(body: string): Promise<{ thread: TrainingThread; said: string[] }> {
  const source = `
    import { execFileSync } from 'node:child_process';
    import { parentPort, workerData } from 'node:worker_threads';
    const cancelled = new Int32Array(workerData.cancelled);
    const say = (kind) => parentPort.postMessage({ kind });
    await new Promise((started) => parentPort.once('message', started));
    say('opened');
    ${body}`;
  const entry = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const thread = startTrainingThread(entry)({} as TrainingStart, {
      onMessage: ({ kind }) => {
        said.push(kind);
        if (kind === 'opened') resolve({ thread, said });
      },
      onCrash: reject,
    });
  });
}

// Would catch a thread that is stopped in the middle of whatever it does although it would have
// ended by itself: it has files open, and others wait for its word.
test('a thread that waits is asked, and ends by itself', async () => {
  const { thread, said } = await start(`
    parentPort.on('message', ({ kind }) => {
      say(kind === 'end' ? 'failed' : 'committed');
      parentPort.close();
    });`);
  assert.equal(await thread.terminate(60_000), true);
  assert.deepEqual(said, ['opened', 'failed']);
});

// Would catch an end that was asked for and is taken for a crash.
test('a thread that ends because it was asked has not crashed', async () => {
  const { thread, said } = await start(`
    parentPort.on('message', () => parentPort.close());`);
  assert.equal(await thread.terminate(60_000), true);
  assert.deepEqual(said, ['opened']);
});

// Would catch an abort that a thread which computes hears when its generation is long over.
test('a thread that computes sees which generation is given up', async () => {
  const { thread, said } = await start(`
    while (Atomics.load(cancelled, 0) < 7);
    say('left');
    parentPort.on('message', ({ kind }) => kind === 'end' && parentPort.close());`);
  thread.abort(generation(7), 'a peer is lost');
  assert.equal(await thread.terminate(60_000), true);
  assert.deepEqual(said, ['opened', 'left']);
});

// Would catch a wish that a thread which computes cannot hear: it reads no messages.
test('a thread that computes sees in shared memory that nobody wants it to', async () => {
  const { thread, said } = await start(`
    while (Atomics.load(cancelled, 0) < 0);
    say('failed');`);
  assert.equal(await thread.terminate(60_000), true);
  assert.deepEqual(said, ['opened', 'failed']);
});

test('a thread that neither hears nor looks is stopped halfway', async () => {
  const { thread } = await start('for (;;);');
  assert.equal(await thread.terminate(200), true);
});

// Would catch a process that waits for native code as long as that likes.
test('native code that does not return in time is told', async () => {
  const { thread } = await start(`execFileSync('sleep', ['3']);`);
  assert.equal(await thread.terminate(100), false);
});
