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
import { authorization, workerSubjects } from './nats-roles.js';

const run = { job: jobId('j'), run: runId('t0123456789abcdef') };
const stream = planStream(run);
const mayPublish = (subject: string): boolean =>
  workerSubjects.some((filter) => subjectMatches(filter, subject));

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
  for (const subject of reading) assert.ok(mayPublish(subject), subject);
  const deciding = [
    planSubject(run, step(3), 'shared'),
    coordinatorSubject(run),
    ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'RESTORE'].map(
      (what) => `$JS.API.STREAM.${what}.${stream}`,
    ),
    `$JS.API.STREAM.MSG.DELETE.${stream}`,
    '$O.lockstep-files.C.1',
  ];
  for (const subject of deciding) assert.ok(!mayPublish(subject), subject);
});

// Would catch a user without a bound, or a configuration that the server reads otherwise.
test('users are written with their passwords and what they may publish', () => {
  assert.equal(
    authorization([
      { user: 'a', password: '0f', mayPublish: null },
      { user: 'b', password: '1e', mayPublish: ['x.*', 'y.>'] },
    ]),
    `authorization {
  users: [
    { user: "a", password: "0f" }
    { user: "b", password: "1e", permissions: { publish: ["x.*", "y.>"] } }
  ]
}
`,
  );
});
