import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectMatches } from '../../shared/bus-memory-stores.js';
import { jobId, runId, step, workerId } from '../../shared/ids.js';
import {
  coordinatorSubject,
  planStream,
  planSubject,
  workerSubject,
} from '../../shared/subjects.js';
import { accountText, type NatsRole, natsUsersText, rightsOf } from './nats-roles.js';

const run = { job: jobId('j'), run: runId('t0123456789abcdef') };
const stream = planStream(run);
const mayPublish = (role: NatsRole, subject: string, job = 'j'): boolean =>
  rightsOf(role, job, role).publish.some((filter) => subjectMatches(filter, subject));

// Would catch subjects that move while the workers' rights stay behind: too few end every run, too many
// let a worker say what everyone trains on.
test('a worker may report and ask, and speak neither for the coordinator nor about streams', () => {
  const reading = [
    workerSubject(run, workerId('worker-1')),
    '$JS.API.INFO',
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.name.filter`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.name`,
  ];
  for (const subject of reading) {
    assert.ok(mayPublish('worker', subject), subject);
    assert.ok(mayPublish('coordinator', subject), subject);
  }
  const deciding = [
    planSubject(run, step(3), 'shared'),
    coordinatorSubject(run),
    'lockstep.j.t0123456789abcdef.log',
    'lockstep.j.t0123456789abcdef.control',
    '$KV.lockstep-runs.j',
    ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'RESTORE'].map(
      (what) => `$JS.API.STREAM.${what}.${stream}`,
    ),
    `$JS.API.STREAM.MSG.DELETE.${stream}`,
    '$O.lockstep-files.C.1',
  ];
  for (const subject of deciding) {
    assert.ok(!mayPublish('worker', subject), subject);
    assert.ok(mayPublish('coordinator', subject), subject);
  }
});

// Would catch an onlooker who can read what is trained on, or do more than ask for an end.
test('a watcher may read the log and the values of its job, ask for an end, and nothing else', () => {
  const wanted = [
    'lockstep.j.t0123456789abcdef.control',
    '$JS.API.CONSUMER.CREATE.stream.name.lockstep.j.t0123456789abcdef.log',
    '$JS.API.CONSUMER.CREATE.KV_lockstep-runs.name.$KV.lockstep-runs.j.t0123456789abcdef.generation',
    '$JS.API.DIRECT.GET.KV_lockstep-runs.$KV.lockstep-runs.j',
  ];
  for (const subject of wanted) assert.ok(mayPublish('watcher', subject), subject);
  const refused = [
    workerSubject(run, workerId('worker-1')),
    coordinatorSubject(run),
    '$KV.lockstep-runs.j',
    '$JS.API.CONSUMER.CREATE.stream',
    '$JS.API.CONSUMER.CREATE.stream.name.lockstep.j.t0123456789abcdef.plan.>',
    '$JS.API.STREAM.MSG.GET.stream',
    '$JS.API.STREAM.DELETE.stream',
    '$JS.API.DIRECT.GET.KV_lockstep-runs.$KV.lockstep-runs.other',
  ];
  for (const subject of refused) assert.ok(!mayPublish('watcher', subject), subject);
});

// Would catch a job whose users may speak to another job's processes.
test('nobody of one job may publish a message of another', () => {
  for (const role of ['coordinator', 'worker', 'watcher'] as const) {
    for (const subject of [
      coordinatorSubject(run),
      workerSubject(run, workerId('w')),
      '$KV.lockstep-runs.j',
    ]) {
      assert.ok(!mayPublish(role, subject, 'other'), `${role} ${subject}`);
    }
  }
});

// Would catch a user without a bound, or a configuration that the server reads otherwise.
test('users are written with their passwords and what they may do', () => {
  const text = accountText('A', [
    { user: 'a', password: '0f', may: null },
    { user: 'b', password: '1e', may: { publish: ['x.*', 'y.>'], subscribe: ['z'] } },
  ]);
  assert.equal(
    text,
    `"A": {
  jetstream: enabled
  users: [
    { user: "a", password: "0f" }
    { user: "b", password: "1e", permissions: { publish: ["x.*", "y.>"], subscribe: ["z"] } }
  ]
}
`,
  );
  const users = natsUsersText('j', { coordinator: 'c', worker: 'w', watcher: 'v' });
  for (const role of ['coordinator', 'worker', 'watcher']) {
    assert.match(users, new RegExp(`user: "j-${role}".*_INBOX_j-${role}\\.>`));
  }
});
