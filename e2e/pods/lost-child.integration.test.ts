/** The command of a worker and its one child: what is asked of the first is what becomes of the second. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { Pods } from './pods.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-child-'));
const dataset = join(folder, 'dataset');

before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

const pidOf = (text: string): number => Number(/^\S+: pid (\d+)/m.exec(text)?.[1]);

// Would catch a worker that is started again although its command was asked to end, so that the pod lives
// until it is killed.
test('a child that is lost after its command was asked to end is not started again', async () => {
  const pods = await Pods.open(longJob({ dataset, steps: 4 }));
  try {
    // Nobody leads: the worker waits, and its child is killed before it can act on the wish.
    const worker = pods.worker('w1');
    await worker.says(/waiting: /);
    const child = pidOf(worker.text);
    process.kill(child, 'SIGSTOP');
    worker.signal('SIGTERM');
    process.kill(child, 'SIGKILL');
    assert.notEqual(await worker.exited, 0, worker.text);
    assert.equal([...worker.text.matchAll(/w1: pid/g)].length, 1, worker.text);
  } finally {
    await pods.close();
  }
});
