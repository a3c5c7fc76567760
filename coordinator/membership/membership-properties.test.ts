import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WorkerStatus } from '../../shared/messages/cluster/from-worker.js';
import { at, Cluster, incarnationOf } from './cluster-fixture.js';

const phases = ['preparing', 'standing-by', 'paused', 'copying', 'training', 'failed'] as const;
const names = ['w0', 'w1', 'w2', 'w3', 'w4'];

const happening = fc.record({
  worker: fc.constantFrom(...names),
  phase: fc.constantFrom(...phases),
  life: fc.integer({ min: 1, max: 2 }),
  steps: fc.nat(3),
  leaving: fc.boolean(),
  accuses: fc.option(fc.constantFrom(...names)),
  answers: fc.boolean(),
  behind: fc.nat(1),
  wait: fc.constantFrom(0, 50, 200, 1000, 2500),
  silent: fc.subarray(names),
});

// Would catch: two members of one name, lanes that nobody has, a member that vanishes without a word,
// a generation number that does not grow, and a decision that changes nothing and is taken for ever.
test('whatever workers say, generations stay sound and every change has its reason', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const cluster = new Cluster({ replicas: 2, min: 1, max: 4 });
      for (const one of happenings) {
        const generation = cluster.memory.record?.generation ?? null;
        const trouble: WorkerStatus['trouble'] = [];
        if (one.accuses !== null) trouble.push({ worker: one.accuses, how: 'closed', detail: '' });
        cluster.say(one.worker, {
          phase: one.phase,
          incarnation: incarnationOf(one.life),
          generation: generation === null ? null : Math.max(0, generation - one.behind),
          position: one.phase === 'standing-by' ? null : at(one.steps),
          leaving: one.leaving,
          trouble,
          ping: one.answers ? cluster.memory.ping : 0,
        });
        cluster.pass(one.wait, one.silent);
        settle(cluster);
      }
    }),
    { numRuns: 300 },
  );
});

function settle(cluster: Cluster): void {
  for (let round = 0; round < 8; round++) {
    const before = cluster.memory.record;
    assert.deepEqual(cluster.decide(), cluster.decide());
    const decision = cluster.act();
    if (decision.kind === 'nothing' || decision.kind === 'wait') return;
    if (decision.kind === 'ping') continue;
    const { record } = decision;
    const members = record.members.map(({ worker }) => worker);
    assert.equal(new Set(members).size, members.length);
    assert.equal(
      record.members.reduce((sum, { lanes }) => sum + lanes, 0),
      members.length === 0 ? 0 : 8,
    );
    assert.ok(members.length <= 4);
    assert.equal(record.writer !== null && members.includes(record.writer), members.length > 0);
    if (decision.kind === 'start') {
      assert.equal(record.generation, before?.generation);
      continue;
    }
    assert.equal(record.generation, (before?.generation ?? 0) + 1);
    assert.ok(record.reason.length > 0);
    for (const { worker } of before?.members ?? []) {
      if (members.includes(worker)) continue;
      assert.ok([...decision.workers, ...decision.leaveOut].includes(worker), `${worker} dropped`);
      assert.match(record.reason, new RegExp(worker));
    }
  }
  assert.fail('decisions do not come to rest');
}
