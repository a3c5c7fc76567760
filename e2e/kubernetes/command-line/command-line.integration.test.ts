/** The commands on a cluster against a real API server, without pods: `npm run test:kubernetes` has those. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inCluster, withoutCluster } from '../cluster.js';
import { suiteJob } from '../job.js';
import type { Call } from './calls.js';

const skip = withoutCluster;
const folder = mkdtempSync(join(tmpdir(), 'lockstep-command-line-'));
let calls: Readonly<Record<string, Call>> = {};

before(async () => {
  if (skip !== false) return;
  const job = suiteJob({ name: 'command-line', steps: 10, data: '/data' });
  const write = (name: string, value: object): string => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  const files = [
    write('job.json', job),
    write('wrong.json', { ...job, spec: { ...job.spec, data: { path: 'dataset' } } }),
    write('unknown.json', { ...job, spec: { ...job.spec, laens: 4 } }),
  ];
  const inside = fileURLToPath(new URL('inside.js', import.meta.url));
  const outcome = await inCluster({ nodes: 0 }, [process.execPath, inside, ...files]);
  assert.equal(outcome.code, 0, outcome.stderr);
  calls = JSON.parse(outcome.stdout.trim().split('\n').at(-1) ?? '') as typeof calls;
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** What a call printed, or said of its failure; its exit code is part of it. */
function call(name: string, code: number): string {
  const found = calls[name];
  assert.ok(found !== undefined, `there is no call ${name}`);
  assert.equal(found.code, code, JSON.stringify(found));
  return code === 0 ? found.stdout : found.stderr;
}

// Would catch a cluster without Lockstep that is answered with a 404 and nothing else.
test('a cluster without the definition is told how to get it', { skip }, () => {
  assert.match(call('withoutDefinition', 2), /knows no TrainingJob.*kubectl apply .*install\.yaml/);
  assert.equal(call('empty', 0), 'No training job in the namespace default.\n');
});

// Would catch a trial that is kept, and a job that reaches the cluster though it cannot run there.
test('a job is checked here and there before it is kept', { skip }, () => {
  assert.match(call('tried', 0), /^command-line would be accepted in the namespace default\n$/);
  assert.match(call('stillEmpty', 0), /"kind":"finished".*"jobs":0/);
  assert.match(call('wrong', 2), /spec\.data\.path: .*an absolute path.*"dataset"/);
  assert.match(call('unknown', 2), /spec\.laens|"laens"/);
});

// Would catch a submission that silently takes back what somebody has scaled meanwhile.
test('submitted again, a job changes where it may, and says whose fields it would take', {
  skip,
}, () => {
  assert.match(call('submitted', 0), /^command-line created in the namespace default/);
  assert.match(call('again', 0), /^command-line unchanged/);
  assert.match(call('conflict', 2), /conflict.*spec\.workers\.replicas.*--force/s);
  assert.match(call('forced', 0), /^command-line changed/);
  assert.match(call('immutable', 2), /spec/);
});

// Would catch a table or a status of other jobs, and a name that is answered with no other.
test('list and status tell what the controller has written', { skip }, () => {
  assert.match(call('list', 0), /^NAMESPACE +NAME .*\ndefault +command-line +Running +3\/3 +5\/10/);
  assert.match(
    call('status', 0),
    /^command-line in the namespace default: Running\n.*3 of 3 train/s,
  );
  assert.match(call('missing', 2), /"comand-line".*there are command-line/);
  assert.match(call('elsewhere', 2), /--context must be one of .*"nowhere"/);
});

// Would catch a suspension that is none, one that a job of yesterday gets, and pods that are not there.
test('a job is suspended and resumed, and is not when it is over', { skip }, () => {
  assert.match(call('suspended', 0), /"suspend":true,"changed":true/);
  assert.match(call('suspendedAgain', 0), /"changed":false/);
  assert.match(call('resumed', 0), /goes on from where it was/);
  assert.match(call('noPods', 2), /none of its pods has begun/);
  assert.match(call('noCoordinator', 2), /none of its pods runs now/);
  assert.match(call('tooLate', 2), /it is over \(Failed\)/);
});

// Would catch a watcher that waits for ever for a job that has failed, or ends with success.
test('watching a failed job ends with its exit code and its code', { skip }, () => {
  call('watchedFailure', 3);
  const line = JSON.parse(calls.watchedFailure?.stdout.trim().split('\n').at(-1) ?? '');
  assert.deepEqual([line.kind, line.code, line.exit_code], ['failed', 'NON_FINITE', 3]);
});

// Would catch a deletion that is only asked for.
test('a deleted job is gone', { skip }, () => {
  assert.match(call('deleted', 0), /command-line is deleted\n$/);
  assert.match(call('deletedAgain', 2), /Cannot find the training job "command-line"/);
});
