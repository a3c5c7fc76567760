import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../shared/log.js';
import { ApiError } from '../../api/api-error.js';
import type { KubernetesObject } from '../../objects/kubernetes-objects.js';
import { markPod, ownImage } from './mark-pod.js';

const pod = (...containers: { name: string; image: string }[]) =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c' }, spec: { containers } }) as const;

function mark(answers: (ApiError | KubernetesObject)[], leads = true) {
  const ending = new AbortController();
  const patches: unknown[] = [];
  const image = markPod(
    {
      api: {
        async patch(_, patch) {
          patches.push(patch);
          const answer = answers.shift();
          if (answer instanceof ApiError) throw answer;
          if (answer === undefined) ending.abort();
          return answer ?? pod();
        },
      },
      ...{ pod: { name: 'c', namespace: 'lockstep-system' }, log: silentLog, random: () => 0 },
      signal: ending.signal,
      wait: async () => undefined,
    },
    leads,
  );
  return { image, patches };
}

// Would catch a leader that is never told of any run, because the API server was away as it began to lead.
test('the label is tried until it is there', async () => {
  const away = new ApiError('patch', 0, 'Unreachable', 'reset');
  const { image, patches } = mark([away, away, pod({ name: 'controller', image: 'c:1' })]);
  assert.equal(await image, 'c:1');
  assert.deepEqual(patches[2], { metadata: { labels: { 'lockstep.dev/leader': 'true' } } });
  assert.equal(patches.length, 3);
});

test('outside of a pod there is nothing to label', async () => {
  for (const status of [404, 403]) {
    const { image, patches } = mark([new ApiError('patch', status, '', 'no such pod')]);
    assert.equal(await image, null);
    assert.equal(patches.length, 1);
  }
  // Would catch a controller that does not stand by for the lease before the API server has answered.
  const { image, patches } = mark([new ApiError('patch', 0, 'Unreachable', 'reset')], false);
  assert.equal(await image, null);
  assert.equal(patches.length, 1);
});

// Would catch coordinators that run the image of a mesh's proxy.
test('the image is that of the controller, wherever its container stands', () => {
  const proxy = { name: 'proxy', image: 'proxy:1' };
  assert.equal(ownImage(pod(proxy, { name: 'controller', image: 'c:1' })), 'c:1');
  assert.equal(ownImage(pod({ name: 'renamed', image: 'c:1' })), 'c:1');
  assert.equal(ownImage(pod()), null);
});
