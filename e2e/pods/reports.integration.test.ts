/** What real leaders report of a run, while one of them is replaced and the receiver is away for a while. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { Pods } from './pods.js';
import { ReportReceiver } from './report-receiver.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-reported-'));
const dataset = join(folder, 'dataset');
const run = 't00000000000000d1';
const steps = 40;
const key = Buffer.alloc(32, 0x5a);

before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

// Would catch a status that says something else than the history, a new leader whose reports are taken for
// old ones, a run that stands still because nobody listens, and an end that nobody is told.
test('reports say what the history says, over a change of the leader and a receiver that goes away', async () => {
  const pods = await Pods.open(longJob({ dataset, steps }));
  const receiver = new ReportReceiver(key);
  try {
    const keyFile = join(pods.folder, 'report.key');
    writeFileSync(keyFile, key.toString('hex'));
    const told = {
      LOCKSTEP_REPORT_URL: await receiver.listen(),
      LOCKSTEP_REPORT_KEY_FILE: keyFile,
    };
    const words = ['--run', run, '--resume-if-any', '--checkpoints', join(pods.folder, 'kept')];
    const first = pods.coordinator('c1', words, told);
    const workers = ['w1', 'w2'].map((name) => pods.worker(name));
    await first.committed(10);
    receiver.isAway = true;
    await first.committed(14);
    first.signal('SIGKILL');
    const second = pods.coordinator('c2', words, told);
    await second.committed(20);
    receiver.isAway = false;
    for (const pod of [second, ...workers]) assert.equal(await pod.exited, 0, pod.text);
    assert.equal(receiver.refused, 0);
    const last = receiver.taken.at(-1);
    const history = second.said;
    const committed = history.filter(({ kind }) => kind === 'committed');
    assert.equal(last?.phase, 'finished');
    assert.equal(last.committedSteps, steps);
    assert.equal(last.loss, committed.at(-1)?.loss);
    assert.equal(last.metrics.gradient_norm, committed.at(-1)?.gradient_norm);
    assert.equal(last.weightsSha256, history.at(-1)?.weights_sha256);
    assert.deepEqual([last.uid, last.runId, last.fence, last.min], [receiver.uid, run, 2, 1]);
    assert.deepEqual(last.members, ['w1', 'w2']);
    assert.deepEqual(
      last.recoveries.map(({ cause }) => cause),
      history.filter(({ kind }) => kind === 'recovery').map(({ cause }) => cause),
    );
    assert.equal(last.checkpoint?.step, steps);
    assert.ok(receiver.taken.some(({ phase, fence }) => phase === 'training' && fence === 1));
  } finally {
    await pods.close();
    await receiver.close();
  }
});
