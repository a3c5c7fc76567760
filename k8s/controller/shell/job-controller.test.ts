import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { silentLog } from '../../../shared/log.js';
import { millis } from '../../../shared/units.js';
import { ApiError } from '../../api/api-error.js';
import { FakeApi } from '../../api/fake-api-fixture.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import type { KubernetesObject } from '../../objects/kubernetes-objects.js';
import { aJob, installation, jobOf, jobUid, secrets, start } from '../reconcile/seen-fixture.js';
import { ClusterView } from './cluster-view.js';
import { EventRecorder, eventObject, longestNote } from './event-recorder.js';
import type { JobAccounts } from './job-accounts.js';
import { JobController } from './job-controller.js';
import { JobMemories } from './job-memories.js';

const key = 'research/movies';

function aController() {
  const clock = { now: start, leads: true };
  const api = new FakeApi();
  const asked: string[] = [];
  const view = new ClusterView((changed) => asked.push(changed));
  const memories = new JobMemories(start, () => 0.5);
  const now = () => clock.now;
  const accounts: JobAccounts = {
    secretsOf: () => secrets,
    push: async () => void api.changes.push('push account'),
    async remove() {
      if (it.isNatsAway) throw new Error('NATS is away');
      api.changes.push('remove account');
    },
    close: async () => undefined,
  };
  const controller = new JobController({
    ...{ api, view, memories, accounts, now, installation, log: silentLog },
    events: new EventRecorder({ api, instance: 'test', log: silentLog, now }),
    mayAct: () => clock.leads,
    clock: { now: () => millis(clock.now) },
    random: () => 0.5,
  });
  const job = api.put(aJob({ metadata: { finalizers: [] } }) as unknown as KubernetesObject);
  view.storeOf('TrainingJob')?.put(job);
  const status = () =>
    (api.objects.get(`TrainingJob ${key}`) as unknown as TrainingJobObject).status;
  return { api, asked, clock, controller, isNatsAway: false, memories, status, view };
}

let it: ReturnType<typeof aController>;
beforeEach(() => {
  it = aController();
});

// Would catch children that are made twice because the watch has not told of them yet.
test('what was just written is seen at once, and a second look has nothing to do', async () => {
  await it.controller.handle(key);
  assert.deepEqual(it.api.changes, [
    'patch TrainingJob movies',
    'push account',
    'create Secret movies-lockstep',
    'create ConfigMap movies-job',
    'create Service movies-workers',
    'create PodDisruptionBudget movies-workers',
    'create Job movies-worker',
    'create Job movies-coordinator',
    'apply TrainingJob/status movies',
  ]);
  it.api.changes.length = 0;
  await it.controller.handle(key);
  assert.deepEqual(it.api.changes, []);
  assert.equal(it.status()?.state, 'Pending');
});

// Would catch a leader that was asleep, and writes over what its successor does.
test('who does not lead any more writes nothing', async () => {
  it.clock.leads = false;
  await assert.rejects(it.controller.handle(key), { code: 'NOT_LEADING' });
  assert.deepEqual(it.api.changes, []);
});

test('what cannot be done is tried again from there, and the status says why', async () => {
  it.api.refuse = (change) =>
    change === 'create Service movies-workers'
      ? new ApiError('create Service', 403, 'Forbidden', 'quota exceeded')
      : null;
  await assert.rejects(it.controller.handle(key), /quota exceeded/);
  assert.ok(it.api.changes.includes('create Event'));
  assert.ok(!it.api.changes.some((change) => change.startsWith('create Job')));
  it.clock.now += 10_000;
  await assert.rejects(it.controller.handle(key), /quota exceeded/);
  assert.match(it.status()?.message ?? '', /Cannot create Service: quota exceeded/);
  it.api.refuse = () => null;
  it.api.changes.length = 0;
  it.clock.now += 10_000;
  await it.controller.handle(key);
  // What was written before is remembered.
  assert.deepEqual(it.api.changes.slice(0, 2), ['push account', 'create Service movies-workers']);
});

// Would catch a warning for users whenever two write the same object at the same moment.
test('a conflict is tried again, and nobody is told', async () => {
  it.api.refuse = (change) =>
    change === 'patch TrainingJob movies'
      ? new ApiError('patch', 409, 'Conflict', 'the object has been modified')
      : null;
  await assert.rejects(it.controller.handle(key), /has been modified/);
  it.clock.now += 10_000;
  await assert.rejects(it.controller.handle(key), /has been modified/);
  assert.ok(!it.api.changes.includes('create Event'));
  assert.doesNotMatch(it.status()?.message ?? '', /modified/);
});

// Would catch an event for each job of a namespace that somebody deletes.
test('in a namespace that is being deleted nothing is made and nobody is told', async () => {
  const words = 'unable to create new content in namespace research because it is being terminated';
  it.api.refuse = (change) =>
    change.startsWith('create Secret')
      ? new ApiError('create Secret', 403, 'Forbidden', words)
      : null;
  await assert.rejects(it.controller.handle(key), /being terminated/);
  assert.ok(!it.api.changes.includes('create Event'));
});

// Would catch a controller that takes a Job of someone else's, or waits for ever for its own one.
test('a Job that is there already is ours or is left alone', async () => {
  it.api.put({ ...jobOf('worker'), metadata: { ...jobOf('worker').metadata, labels: {} } });
  await it.controller.handle(key);
  assert.ok(it.api.changes.includes('create Job movies-coordinator'));
  it = aController();
  const { metadata } = jobOf('worker');
  it.api.put({ ...jobOf('worker'), metadata: { ...metadata, ownerReferences: [] } });
  await assert.rejects(it.controller.handle(key), { code: 'NAME_TAKEN' });
  assert.ok(!it.api.changes.includes('create Job movies-coordinator'));
});

const child = (kind: string, name: string, owner: string | null): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind },
  metadata: {
    ...{ name, namespace: 'research' },
    ownerReferences:
      owner === null
        ? []
        : [{ apiVersion: 'x', kind: 'TrainingJob', name: 'movies', uid: owner, controller: true }],
  },
});

// Would catch a user's claim, ConfigMap or Secret of such a name that becomes the job's, and goes with it.
test('what is there already is ours, or nothing is added to it', async () => {
  const spec = { kubernetes: { checkpoints: { volume: { size: '1Gi' } } } };
  for (const [kind, name] of [
    ['Secret', 'movies-lockstep'],
    ['ConfigMap', 'movies-job'],
    ['Service', 'movies-workers'],
    ['PodDisruptionBudget', 'movies-workers'],
    ['PersistentVolumeClaim', 'movies-checkpoints'],
  ] as const) {
    it = aController();
    it.view.storeOf('TrainingJob')?.put(it.api.put(aJob({ spec }) as unknown as KubernetesObject));
    const theirs = it.api.put(child(kind, name, null));
    await assert.rejects(it.controller.handle(key), { code: 'NAME_TAKEN' }, kind);
    assert.ok(!it.api.changes.includes(`apply ${kind} ${name}`));
    assert.deepEqual(theirs.metadata.ownerReferences, []);
    it.clock.now += 10_000;
    await assert.rejects(it.controller.handle(key), { code: 'NAME_TAKEN' }, kind);
    assert.match(
      it.status()?.message ?? '',
      /there is one already, and it belongs to something else/,
    );
  }
  it = aController();
  it.api.put(child('Secret', 'movies-lockstep', 'uid-of-an-older-job'));
  await assert.rejects(it.controller.handle(key), /goes with a deleted job of this name/);
});

// Would catch a controller that is upgraded, and takes the Secrets of its own jobs for someone else's.
test('what another controller has made for the job is followed', async () => {
  for (const hasJob of [false, true]) {
    it = aController();
    it.api.put(child('Secret', 'movies-lockstep', jobUid));
    if (hasJob) it.view.storeOf('Job')?.put(it.api.put(jobOf('worker')));
    await it.controller.handle(key);
    assert.ok(it.api.changes.includes('apply Secret movies-lockstep'));
    assert.ok(it.api.changes.includes('create ConfigMap movies-job'));
  }
});

// Would catch a tug of war with a queue, a policy or a person, at a hundred writes a second.
test('what somebody undoes at once is done again later and later', async () => {
  await it.controller.handle(key);
  const budget = 'PodDisruptionBudget movies-workers';
  const undo = (): void => {
    const store = it.view.storeOf('PodDisruptionBudget');
    const found = store?.get('research/movies-workers');
    if (found === undefined) return;
    it.api.objects.delete('PodDisruptionBudget research/movies-workers');
    store?.drop({ ...found, metadata: { ...found.metadata } });
  };
  let waits: number | null = null;
  let looks = 0;
  for (it.api.changes.length = 0; it.clock.now < start + 30_000; looks++) {
    undo();
    waits = await it.controller.handle(key);
    it.clock.now += waits === null ? 10 : Math.min(waits, 100);
  }
  const made = it.api.changes.filter((change) => change === `create ${budget}`).length;
  assert.ok(made < 10 && looks > 100, `${made} times in ${looks} looks`);
  assert.ok(it.api.changes.includes('create Event'));
  // Would catch a job that is not scaled while somebody removes its budget.
  undo();
  it.api.changes.length = 0;
  const job = it.view.job(key) as TrainingJobObject;
  const spec = { ...job.spec, workers: { replicas: 3, min: 1 } };
  it.view.storeOf('TrainingJob')?.put(it.api.put({ ...job, spec } as unknown as KubernetesObject));
  await it.controller.handle(key);
  assert.ok(it.api.changes.includes('patch Job movies-worker'));
  assert.ok(!it.api.changes.includes(`create ${budget}`));
  it.clock.now += 120_000;
  it.api.changes.length = 0;
  await it.controller.handle(key);
  assert.ok(it.api.changes.includes(`create ${budget}`));
});

// Would catch a clock that is ahead of the API server's, for which every deletion has taken too long already.
test('a deletion takes its time from when it is seen', async () => {
  const metadata = { deletionTimestamp: new Date(start - 3_600_000).toISOString() };
  it.view
    .storeOf('TrainingJob')
    ?.put(it.api.put(aJob({ metadata }) as unknown as KubernetesObject));
  await it.controller.handle(key);
  assert.deepEqual(it.api.changes, ['remove account']);
});

// Would catch a namespace that takes minutes to be deleted while NATS is away: waits after failures grow.
test('what is left on NATS is tried for every two seconds, and no longer than half a minute', async () => {
  const metadata = { deletionTimestamp: new Date(start).toISOString() };
  it.view
    .storeOf('TrainingJob')
    ?.put(it.api.put(aJob({ metadata }) as unknown as KubernetesObject));
  it.isNatsAway = true;
  for (let looks = 0; looks < 40; looks++) {
    const wait = await it.controller.handle(key);
    if (it.api.changes.includes('patch TrainingJob movies')) break;
    assert.ok(wait !== null && wait > 0 && wait <= 2_000, String(wait));
    it.clock.now += wait;
  }
  assert.ok(it.api.changes.includes('patch TrainingJob movies'));
  assert.ok(it.clock.now <= start + 32_000);
});

test('a job that is gone is nothing to do', async () => {
  it.view.storeOf('TrainingJob')?.drop(aJob() as unknown as KubernetesObject);
  assert.equal(await it.controller.handle(key), null);
  assert.deepEqual(it.api.changes, []);
});

// Would catch a scheduler's words of a kilobyte for each node, which the API server refuses.
test('events are short enough, and the same one is not told again', async () => {
  const { api, clock } = it;
  const notes: string[] = [];
  const recorder = new EventRecorder({
    api: {
      create: async (object: { note?: string }) => void notes.push(object.note ?? ''),
    } as never,
    ...{ instance: 'x'.repeat(500), log: silentLog, now: () => clock.now },
  });
  const tell = () =>
    recorder.record(aJob(), { type: 'Warning', reason: 'Long', note: 'n'.repeat(5000) });
  tell();
  tell();
  assert.deepEqual(
    notes.map((note) => Buffer.byteLength(note) <= longestNote && note.endsWith('nn...')),
    [true],
  );
  // Would catch a message about a row of a dataset in Russian: two bytes each.
  const { note } = eventObject(
    aJob(),
    { type: 'Warning', reason: 'Long', note: `n${'ж'.repeat(900)}` },
    ...(['test', new Date(0), 'id'] as const),
  ) as unknown as { note: string };
  assert.ok(Buffer.byteLength(note) <= longestNote && note.endsWith('жж...'), note);
  clock.now += 600_000;
  tell();
  assert.equal(notes.length, 2);
  assert.equal(api.changes.length, 0);
});

// Would catch a deleted child that is only missed at the next list.
test('each child leads back to its job, and pods of other jobs are not looked at', () => {
  const { asked, view } = it;
  asked.length = 0;
  const worker = jobOf('worker');
  view.storeOf('Job')?.put(worker);
  view.storeOf('Job')?.drop(worker);
  assert.deepEqual(asked, [key, key]);
  const pod = (name: string, job: string): KubernetesObject => ({
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      ...{ name, namespace: 'research', uid: name, resourceVersion: '5' },
      labels: { 'lockstep.dev/job': job },
    },
  });
  const pods = view.storeOf('Pod');
  for (const each of [pod('a', 'movies'), pod('b', 'books'), pod('c', 'movies')]) pods?.put(each);
  const names = () => view.childrenOf(aJob()).pods.map(({ metadata }) => metadata.name);
  assert.deepEqual(names(), ['a', 'c']);
  pods?.drop(pod('a', 'movies'));
  assert.deepEqual(names(), ['c']);
  // Would catch a pod that somebody takes out by its label, and that a suspension waits for to this day.
  asked.length = 0;
  const aside = pod('c', 'aside');
  pods?.put({ ...aside, metadata: { ...aside.metadata, resourceVersion: '6' } });
  assert.deepEqual([names(), asked], [[], [key, 'research/aside']]);
});

test('children of another object of that name are told apart', () => {
  const foreign = (uid: string, kind: string) => ({
    ...jobOf('worker'),
    metadata: {
      ...jobOf('worker').metadata,
      ownerReferences: [{ apiVersion: 'x', kind, name: 'movies', uid, controller: true }],
    },
  });
  const { view } = it;
  view.storeOf('Job')?.put(foreign('older', 'TrainingJob'));
  assert.deepEqual(view.childrenOf(aJob()).leftovers, ['Job movies-worker']);
  assert.notEqual(jobUid, 'older');
});
