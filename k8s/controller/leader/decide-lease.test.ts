import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../shared/log.js';
import { ApiError } from '../../api/api-error.js';
import type { KubernetesApi } from '../../api/kubernetes-api.js';
import type { KubernetesObject } from '../../objects/kubernetes-objects.js';
import { decideLease, observe } from './decide-lease.js';
import { LeaderElection } from './leader-election.js';

const lease = (holder: string | null, renewTime = 't1') => ({ holder, renewTime, transitions: 0 });

// Would catch a follower whose clock is wrong, and who takes the lease of a leader that is alive.
test('a lease is free when it was seen unchanged for its whole duration, whatever its times say', () => {
  const first = observe(null, lease('a', '1990-01-01T00:00:00Z'), 0);
  assert.equal(decideLease(first, 'b', 14_999), 'wait');
  assert.equal(decideLease(observe(first, first.lease, 15_000), 'b', 15_000), 'take');
  const renewed = observe(first, lease('a', 't2'), 14_000);
  assert.equal(decideLease(renewed, 'b', 15_000), 'wait');
});

test('nobody, or whoever has left, is succeeded at once, and oneself goes on', () => {
  assert.equal(decideLease(observe(null, lease(null), 0), 'b', 0), 'take');
  assert.equal(decideLease(observe(null, lease(''), 0), 'b', 0), 'take');
  assert.equal(decideLease(observe(null, lease('b'), 0), 'b', 0), 'renew');
});

/** Keeps one lease, as the API server does: of two writers of one version the second is refused. */
class LeaseServer {
  held: (KubernetesObject & { spec?: { holderIdentity?: string } }) | null = null;
  isAway = false;
  #version = 0;

  readonly api = {
    get: async () => {
      this.#reach();
      if (this.held === null) throw new ApiError('read', 404, 'NotFound', 'none');
      return this.held;
    },
    create: async (object: KubernetesObject) => this.#store(object, this.held === null),
    replace: async (object: KubernetesObject) =>
      this.#store(object, object.metadata.resourceVersion === this.held?.metadata.resourceVersion),
  } as unknown as KubernetesApi;

  #store(object: KubernetesObject, isAllowed: boolean): KubernetesObject {
    this.#reach();
    if (!isAllowed) throw new ApiError('replace', 409, 'Conflict', 'changed');
    const resourceVersion = String(++this.#version);
    this.held = { ...object, metadata: { ...object.metadata, resourceVersion } };
    return this.held;
  }

  #reach(): void {
    if (this.isAway) throw new ApiError('reach', 0, 'Unreachable', 'away');
  }
}

const time = { now: 0 };
const election = (server: LeaseServer, self: string, signal = new AbortController().signal) =>
  new LeaderElection({
    ...{ api: server.api, namespace: 'x', self, log: silentLog, signal },
    now: () => time.now,
    wait: async (milliseconds) => {
      time.now += milliseconds;
    },
  });

test('of two only one leads, and the other one when it lets go', async () => {
  const server = new LeaseServer();
  const one = election(server, 'one');
  await one.acquire();
  assert.ok(one.leads);
  const ending = new AbortController();
  const two = election(server, 'two', ending.signal);
  const waiting = two.acquire();
  await new Promise((resolve) => setImmediate(resolve));
  await one.release();
  await waiting;
  assert.deepEqual([one.leads, two.leads], [false, true]);
  assert.equal(server.held?.spec?.holderIdentity, 'two');
});

// Would catch two leaders: one that cannot reach the API server and goes on, and its successor.
test('a leader that cannot renew gives up before anyone takes over', async () => {
  const server = new LeaseServer();
  const one = election(server, 'one');
  await one.acquire();
  const begin = time.now;
  server.isAway = true;
  await one.keep();
  assert.equal(one.leads, false);
  assert.ok(time.now - begin >= 10_000 && time.now - begin < 15_000);
});

// Would catch a container that waits for the lease of its own life before.
test('who comes again under its name goes on at once', async () => {
  const server = new LeaseServer();
  await election(server, 'one').acquire();
  const begin = time.now;
  await election(server, 'one').acquire();
  assert.equal(time.now, begin);
});
