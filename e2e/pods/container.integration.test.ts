/** Coordinator and worker as the first processes of containers with nothing to spare. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { canContain } from './container.js';
import { type Pod, Pods } from './pods.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-contained-'));
const skip = canContain(folder) ? false : 'this process may not make containers';
const dataset = join(folder, 'dataset');
const run = 't00000000000000c1';
const job = longJob({ dataset, steps: 12 });

before(() => smallDataset(dataset));
after(() => rmSync(folder, { recursive: true, force: true }));

const lastWords = (pod: Pod): Record<string, unknown> =>
  JSON.parse(readFileSync(join(pod.folder, 'termination'), 'utf8')) as Record<string, unknown>;

/** What each pod is told besides. */
const told = (pods: Pods, name: string): Record<string, string> => ({
  LOCKSTEP_TERMINATION_FILE: join(pods.folder, name, 'termination'),
});

// Would catch a write outside of the folders, a wish for a home or a name of the user, a first process
// that does not hear SIGTERM, and an engine that the coordinator's image would have to carry.
test('with a root that is only read, as a user without a name, a run comes to its end', {
  skip,
}, async () => {
  const pods = await Pods.open(job, { isContained: true });
  try {
    chmodSync(join(pods.folder, 'links.secret'), 0o644);
    const loaded = join(pods.folder, 'c1', 'loaded');
    const hook = new URL('./loaded-modules.js', import.meta.url).href;
    const words = ['--run', run, '--resume-if-any', '--checkpoints', 'workers'];
    const coordinator = pods.coordinator('c1', words, {
      ...told(pods, 'c1'),
      ...{ LOCKSTEP_TEST_LOADED: loaded, NODE_OPTIONS: `--import=${hook}` },
    });
    const waiting = pods.worker('w1', [], told(pods, 'w1'));
    const workers = [waiting, pods.worker('w2', [], told(pods, 'w2'))];
    for (const pod of [coordinator, ...workers]) assert.equal(await pod.exited, 0, pod.text);
    const { kind, exit_code, weights_sha256 } = lastWords(coordinator);
    assert.deepEqual([kind, exit_code], ['finished', 0]);
    assert.equal(weights_sha256, coordinator.said.at(-1)?.weights_sha256);
    assert.deepEqual(
      workers.map((pod) => [lastWords(pod).kind, lastWords(pod).worker]),
      [
        ['finished', 'w1'],
        ['finished', 'w2'],
      ],
    );
    const modules = readFileSync(loaded, 'utf8');
    assert.match(modules, /\/dist\/coordinator\/main\.js$/m);
    assert.match(modules, /\/dist\/coordinator\/plans\/planner-thread\.js$/m);
    assert.doesNotMatch(modules, /tensorflow|\.node$|\/dist\/worker\//m);
  } finally {
    await pods.close();
  }
});

// Would catch a pod that is killed after its grace because its first process never heard that it should end.
test('who waits for its run is told to end, and ends as one that is not done', {
  skip,
}, async () => {
  const pods = await Pods.open(job, { isContained: true });
  try {
    chmodSync(join(pods.folder, 'links.secret'), 0o644);
    const worker = pods.worker('w3', [], told(pods, 'w3'));
    const words = ['--run', run, '--resume-if-any', '--checkpoints', 'workers'];
    const coordinator = pods.coordinator('c2', words, told(pods, 'c2'));
    await worker.says(/w3: pid/);
    await coordinator.says(/"kind":"waiting"/);
    for (const pod of [worker, coordinator]) {
      pod.signal('SIGTERM');
      assert.equal(await pod.exited, 5, pod.text);
      assert.deepEqual([lastWords(pod).kind, lastWords(pod).exit_code], ['left', 5]);
    }
    // Would catch a command that fails because its user has no name.
    const another = words.map((word) => (word === run ? 't00000000000000c2' : word));
    const stopped = pods.coordinator('c3', another, told(pods, 'c3'));
    await stopped.says(/"kind":"waiting"/);
    const stop = pods.stop();
    assert.equal(await stop.exited, 0, stop.text);
    assert.equal(await stopped.exited, 5, stopped.text);
    assert.deepEqual([lastWords(stopped).kind, lastWords(stopped).code], ['failed', 'STOPPED']);
    // Would catch a run that failed and is begun again by the next pod.
    const late = pods.coordinator('c4', another, told(pods, 'c4'));
    assert.equal(await late.exited, 5, late.text);
    assert.match(late.text, /is over already/);
    assert.deepEqual([lastWords(late).kind, lastWords(late).code], ['failed', 'STOPPED']);
  } finally {
    await pods.close();
  }
});
