import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../shared/log.js';
import type { KubernetesObject } from '../objects/kubernetes-objects.js';
import { ApiError } from './api-error.js';
import type { KubernetesApi, ListedObjects, WatchEvent, WatchOptions } from './kubernetes-api.js';
import { keyOf, ObjectStore } from './object-store.js';
import { Reflector, type ReflectorTimes } from './reflector.js';

const pod = (name: string, resourceVersion: string, uid = `uid-of-${name}`): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'x', uid, resourceVersion },
});

const event = (type: WatchEvent['type'], object: KubernetesObject): WatchEvent => ({
  type,
  object,
});

/** What one watch does: brings events, and then ends, breaks, or stays silent. */
interface Scripted {
  readonly events: readonly WatchEvent[];
  readonly how: 'ends' | 'breaks' | 'silent' | 'expired';
  /** Milliseconds. */
  readonly lasts?: number;
}

const times: ReflectorTimes = {
  watchSeconds: 1,
  silenceMs: 5,
  relistMs: 600_000,
  backoff: { firstMs: 1, longestMs: 1 },
  shortestMs: 1_000,
};

async function reflect(lists: ListedObjects[], watches: Scripted[], clock = { now: 1 }) {
  const asked: string[] = [];
  const changed: string[] = [];
  const store = new ObjectStore((object) => changed.push(keyOf(object)));
  const ending = new AbortController();
  const api = {
    async list(): Promise<ListedObjects> {
      asked.push('list');
      return lists.shift() ?? { resourceVersion: '0', items: [] };
    },
    async watch({ resourceVersion, signal }: WatchOptions, onEvent: (event: WatchEvent) => void) {
      asked.push(`watch ${resourceVersion}`);
      const script = watches.shift();
      if (script === undefined) {
        ending.abort();
        return;
      }
      for (const each of script.events) onEvent(each);
      clock.now += script.lasts ?? 0;
      if (script.how === 'breaks') throw new ApiError('watch', 0, 'Cut', 'reset');
      if (script.how === 'expired') throw new ApiError('watch', 410, 'Expired', 'too old');
      if (script.how === 'silent') {
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new ApiError('watch', 0, 'Cut', 'cut')));
        });
      }
    },
  } as unknown as KubernetesApi;
  const reflector = new Reflector({
    ...{ api, kind: 'Pod', namespace: null, labelSelector: null, store, log: silentLog, times },
    onListed: () => asked.push('listed'),
    now: () => clock.now,
    random: () => 0.5,
    signal: ending.signal,
    wait: async () => void asked.push('pause'),
  });
  await reflector.run();
  return { asked, changed, store, reflector };
}

test('a watch goes on from the list, and the next one from where it ended', async () => {
  const { asked, store } = await reflect(
    [{ resourceVersion: '10', items: [pod('a', '9')] }],
    [
      { events: [event('ADDED', pod('b', '11')), event('DELETED', pod('a', '12'))], how: 'ends' },
      { events: [], how: 'breaks' },
    ],
  );
  assert.deepEqual(asked, ['list', 'listed', 'watch 10', 'watch 12', 'pause', 'watch 12']);
  assert.deepEqual([...store.values()].map(keyOf), ['x/b']);
});

// Would catch a quiet watch that ends in a version which the server has long forgotten.
test('a bookmark moves the place without being an object', async () => {
  const { asked, changed } = await reflect(
    [{ resourceVersion: '10', items: [] }],
    [{ events: [event('BOOKMARK', pod('', '500'))], how: 'ends' }],
  );
  assert.equal(asked.at(-1), 'watch 500');
  assert.deepEqual(changed, []);
});

// Would catch a connection that is half open: nothing comes, for ever, and nothing is done.
test('a watch that is silent is begun anew', async () => {
  const { asked } = await reflect(
    [{ resourceVersion: '10', items: [] }],
    [{ events: [], how: 'silent' }],
  );
  assert.deepEqual(asked, ['list', 'listed', 'watch 10', 'pause', 'watch 10']);
});

test('a version that the server has forgotten leads to a new list, told either way', async () => {
  const gone = event('ERROR', { ...pod('', ''), code: 410, reason: 'Expired' } as never);
  for (const script of [
    { events: [gone], how: 'ends' as const },
    { events: [], how: 'expired' as const },
  ]) {
    const { asked, store } = await reflect(
      [
        { resourceVersion: '10', items: [pod('a', '1'), pod('b', '2')] },
        { resourceVersion: '90', items: [pod('b', '80')] },
      ],
      [script],
    );
    assert.deepEqual(asked, ['list', 'listed', 'watch 10', 'pause', 'list', 'listed', 'watch 90']);
    assert.deepEqual([...store.values()].map(keyOf), ['x/b']);
  }
});

// Would catch thousands of watches a second, where something between ends each of them at once.
test('a watch that ends at once without a word is a failure, and a quiet one that lasted is none', async () => {
  const quiet: Scripted = { events: [], how: 'ends' };
  const { asked } = await reflect([], [quiet, { ...quiet, lasts: 1_000 }, quiet]);
  assert.deepEqual(asked, [
    ...['list', 'listed', 'watch 0', 'pause', 'watch 0', 'watch 0', 'pause', 'watch 0'],
  ]);
});

test('a watch that fails three times in a row leads to a new list', async () => {
  const broken: Scripted = { events: [], how: 'breaks' };
  const { asked } = await reflect([], [broken, broken, broken]);
  assert.equal(asked.filter((word) => word === 'list').length, 2);
});

// Would catch an object that is gone and seems to be there for ten minutes: the answer to our own write came last.
test('what was deleted does not come back by an older answer, and comes back by a newer one', () => {
  const store = new ObjectStore(() => undefined);
  store.put(pod('a', '10'));
  store.drop(pod('a', '12'));
  store.put(pod('a', '11'));
  assert.equal(store.size, 0);
  // Its labels were changed, and changed back.
  store.put(pod('a', '13'));
  assert.equal(store.size, 1);
  store.replaceAll([], '14');
  store.put(pod('a', '13'));
  assert.equal(store.size, 0);
  for (let index = 0; index < 5_000; index++) store.drop(pod(`b-${index}`, '20'));
  store.put(pod('b-4999', '19'));
  assert.equal(store.size, 0);
});

// Would catch an event that was lost, whose job waits for the next controller.
test('after a while everything is listed again', async () => {
  const clock = { now: 1 };
  const lists = [{ resourceVersion: '10', items: [] }];
  const late: Scripted = { events: [], how: 'ends' };
  Object.defineProperty(late, 'events', {
    get() {
      clock.now += 700_000;
      return [];
    },
  });
  const { asked } = await reflect(lists, [late], clock);
  assert.deepEqual(asked.slice(0, 4), ['list', 'listed', 'watch 10', 'list']);
});

// Would catch our own write that an event from before it takes back, after which it is done twice.
test('an older version never takes the place of a newer one, nor its deletion', () => {
  const store = new ObjectStore(() => undefined);
  store.put(pod('a', '10'));
  store.put(pod('a', '9'));
  assert.equal(store.get('x/a')?.metadata.resourceVersion, '10');
  store.put(pod('a', '12', 'new'));
  store.drop(pod('a', '11'));
  assert.equal(store.get('x/a')?.metadata.uid, 'new');
  // Written after the list was made.
  store.replaceAll([], '11');
  assert.equal(store.size, 1);
  store.replaceAll([], '13');
  assert.equal(store.size, 0);
});
